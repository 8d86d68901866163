import type { Redis } from "ioredis";

/** Messages as Celery 5 sends them (kombu/transport/redis.py: `_queue_bind`, `_put`, QoS.append; celery/app/amqp.py: as_task_v2). */
export const celery = {
  message: (id: string, task: string, queue: string, headers: object = {}): string =>
    JSON.stringify({
      body: Buffer.from(
        '[[], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]',
      ).toString("base64"),
      "content-encoding": "utf-8",
      "content-type": "application/json",
      headers: {
        lang: "py",
        task,
        id,
        shadow: null,
        eta: null,
        expires: null,
        retries: 0,
        root_id: id,
        ...headers,
      },
      properties: {
        correlation_id: id,
        reply_to: "0b6cbd66-0e1b-3e64-8d49-7f4f1b5f0b3f",
        delivery_mode: 2,
        delivery_info: { exchange: "", routing_key: queue },
        priority: 0,
        body_encoding: "base64",
        delivery_tag: `tag-${id}`,
      },
    }),
  bind: (redis: Redis, queue: string) =>
    redis
      .multi()
      .sadd(`_kombu.binding.${queue}`, [queue, "", queue].join("\x06\x16"))
      .sadd("_kombu.binding.celery.pidbox", ["", "", "celery@web1.celery.pidbox"].join("\x06\x16"))
      .exec(),
  /** Priority 0 has the name of the queue; 3, 6 and 9 stand behind a separator. */
  put: (redis: Redis, queue: string, message: string, step = 0) =>
    redis.lpush(step === 0 ? queue : `${queue}\x06\x16${step}`, message),
  /** A worker has taken it, and not acknowledged it yet. */
  hold: (redis: Redis, queue: string, message: string, atSeconds: number) => {
    const tag = JSON.parse(message).properties.delivery_tag;
    return redis
      .multi()
      .zadd("unacked_index", atSeconds, tag)
      .hset("unacked", tag, JSON.stringify([JSON.parse(message), "", queue]))
      .exec();
  },
};

/** As lib/sidekiq/client.rb (`atomic_push`), job_retry.rb and launcher.rb write. Times in seconds, but `enqueued_at`: ms. */
export const sidekiq = {
  job: (jid: string, queue: string, more: object = {}): string =>
    JSON.stringify({
      ...{
        retry: true,
        queue,
        class: "MailJob",
        args: [17],
        jid,
        created_at: Date.now(),
        enqueued_at: Date.now(),
      },
      ...more,
    }),
  push: (redis: Redis, queue: string, job: string) =>
    redis.multi().sadd("queues", queue).lpush(`queue:${queue}`, job).exec(),
  later: (redis: Redis, set: "retry" | "schedule" | "dead", job: string, at: number) =>
    redis.zadd(set, at, job),
  beat: (redis: Redis, identity: string, queues: string[], more: { at?: number; quiet?: boolean } = {}) =>
    redis
      .multi()
      .sadd("processes", identity)
      .hset(identity, {
        info: JSON.stringify({ hostname: "web1", pid: 7, queues, identity, concurrency: 5 }),
        ...{ concurrency: 5, busy: 0, beat: more.at ?? Date.now() / 1000, rtt_us: 300 },
        ...{ quiet: String(more.quiet ?? false), rss: 90_000 },
      })
      .expire(identity, 60)
      .exec(),
  work: (redis: Redis, identity: string, queue: string, job: string, at: number) =>
    redis.hset(`${identity}:work`, "tid-1", JSON.stringify({ queue, payload: job, run_at: at })),
};

const utc = (ms = Date.now()) => new Date(ms).toISOString().replace(/(\.\d{3})Z$/, "$1000Z");

/** As rq/queue.py, job.py, registry.py, worker/base.py and worker_registration.py write. */
export const rq = {
  enqueue: (redis: Redis, queue: string, id: string, enqueuedMs = Date.now()) =>
    redis
      .multi()
      .sadd("rq:queues", `rq:queue:${queue}`)
      .hset(`rq:job:${id}`, {
        ...{ status: "queued", origin: queue, created_at: utc(enqueuedMs), enqueued_at: utc(enqueuedMs) },
        ...{ description: "app.send(17)", timeout: 180, worker_name: "" },
      })
      .rpush(`rq:queue:${queue}`, id)
      .exec(),
  worker: (redis: Redis, name: string, queue: string, more: Record<string, string | number> = {}) =>
    redis
      .multi()
      .sadd("rq:workers", `rq:worker:${name}`)
      .sadd(`rq:workers:${queue}`, `rq:worker:${name}`)
      .hset(`rq:worker:${name}`, {
        ...{ birth: utc(), last_heartbeat: utc(), queues: queue, pid: 7, hostname: "web1", version: "2.6.0" },
        ...{ state: "idle", successful_job_count: 0, failed_job_count: 0, ...more },
      })
      .expire(`rq:worker:${name}`, 480)
      .exec(),
  /** Begun, and its worker has to be heard of again until then. */
  begin: (redis: Redis, queue: string, id: string, untilSeconds: number) =>
    redis
      .multi()
      .hset(`rq:job:${id}`, { status: "started", started_at: utc() })
      .zadd(`rq:wip:${queue}`, untilSeconds, `${id}:0e5b7a`)
      .exec(),
  schedule: (redis: Redis, queue: string, id: string, at: number) =>
    redis.zadd(`rq:scheduled:${queue}`, at, id),
  fail: (redis: Redis, queue: string, id: string) =>
    redis.zadd(`rq:failed:${queue}`, Date.now() / 1000 + 31_536_000, id),
};
