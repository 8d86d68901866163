import {
  count,
  type Evidence,
  type Finding,
  rabbitmq,
  rows,
  runbookOn,
  sayDuration,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { BALANCE, BURST, emptyIn, namesOf as names, perSecond } from "../backlog/words.ts";
import { type Backlog, isOut, OUT, type Queue, withBacklog } from "./backlogs.ts";
import { alarmFindings, nodeFindings } from "./nodes.ts";

/** Why messages wait: the broker itself, nobody who takes them, those who take and do not finish, or too many. */
const book = runbookOn(
  "rabbitmq",
  {
    id: "rabbitmq-backlog",
    title: "RabbitMQ: messages that wait",
    covers: ["sergas-agents.high-queue-depth"],
    alerts: [
      "RabbitmqTooManyMessagesInQueue",
      "RabbitmqTooManyReadyMessages",
      "RabbitmqTooManyUnackMessages",
      "RabbitmqNoQueueConsumer",
      "RabbitmqMemoryHigh",
      "RabbitmqNodeDown",
      "RabbitmqDeadLetterQueueFillingUp",
      "RabbitmqUnroutableMessages",
      "HighQueueDepth",
    ],
    params: z.object({
      waiting: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(100)
        .describe("messages from which a queue has a backlog"),
      purge: z.string().max(255).optional().describe("throw all messages of this queue away, by approval"),
    }),
  },
  () => ({ state: rabbitmq.state(), queues: rabbitmq.queues() }),
);

type Seen = { seconds: number };

const shown = (queues: readonly Queue[], { seconds }: Seen): Evidence[] => [
  rows("", queues.slice(0, 20), {
    queue: (one) => one.name,
    vhost: (one) => one.vhost,
    ready: (one) => one.ready,
    unacked: (one) => one.unacked,
    consumers: (one) => one.consumers,
    published: (one) => perSecond(one.published, seconds),
    done: (one) => perSecond(one.done, seconds),
    redelivered: (one) => perSecond(one.redelivered, seconds),
  }),
];

const sumOf = (queues: readonly Queue[]): number => queues.reduce((sum, { ready }) => sum + ready, 0);

/** Where one queue is to be named in a command: the largest of them. */
const first = (queues: readonly Queue[]): string => queues[0]?.name ?? "<queue>";
const host = (queues: readonly Queue[]): string => queues[0]?.vhost ?? "/";

const sayLargest = (queues: readonly Queue[]): string => {
  const full = queues.filter(({ ready, unacked }) => ready + unacked > 0).slice(0, 3);
  return full.length === 0 ? "" : ` (the largest: ${names(full)})`;
};

type Words<R extends string> = Pick<Finding<R>, "severity" | "because"> & {
  readonly title: (queues: readonly Queue[]) => string;
  readonly remedies: readonly R[];
};

export const rabbitmqBacklog = book
  .remedies({
    purge: book.does(rabbitmq.purgeQueue, ["queues"], ({ queues }, { params }) =>
      queues.queues
        .filter(({ name }) => name === params.purge)
        .slice(0, 1)
        .map(({ vhost, name }) => ({ vhost, queue: name })),
    ),
    freeBroker: book.advises(
      "Take the alarm away at its cause",
      "high",
      ({ queues }) =>
        `Do not raise the limit first: it gives the alarm back later. Publishers are blocked, so let consumers drain${sayLargest(queues?.queues ?? [])}. Memory: \`rabbitmq-diagnostics memory_breakdown\`. Disk: free the volume of the data folder (\`rabbitmq-diagnostics status\` names it); queues page to it, so it falls while they are full.`,
    ),
    startNode: book.advises(
      "Bring the node back",
      "high",
      "On its machine: does it run (`systemctl status rabbitmq-server`, its container), and what are its last log lines: out of memory, a full disk, another Erlang cookie, a name that leads elsewhere? Then start it by what runs it. Where all were down, begin with the one that ended last: the others wait for it.",
    ),
    joinSides: book.advises(
      "Join the sides again",
      "high",
      "First the network between them. Then choose the side whose messages are to stay, and on each node of the other: `rabbitmqctl stop_app`, `rabbitmqctl start_app`: what was published there meanwhile into classic queues is thrown away. Quorum queues lose nothing. So that it is decided by itself the next time: `cluster_partition_handling = pause_minority` (three nodes and more).",
    ),
    bringQueueBack: book.advises(
      "Bring the queue back",
      "high",
      "`minority`: it wants most of its members, `rabbitmq-queues quorum_status NAME` says which are away: start their nodes. `down`: the node it lives on does not run. `crashed` or `stopped`: the broker's log says why; `rabbitmqctl restart_vhost -p VHOST` begins all of that virtual host anew. Deleting it throws its messages away.",
    ),
    startConsumers: book.advises("Start what takes from the queue", "low", ({ queues }, { params }) => {
      const waiting = queues === undefined ? [] : withBacklog(queues, "no-consumer", params.waiting);
      return `No consumer is connected to ${names(waiting)}. See whether its service runs, which queue name and virtual host it was given, and its last log lines; \`rabbitmqctl list_consumers -p ${shellWord(host(waiting))}\` shows who is connected where.`;
    }),
    setAside: book.advises("Set the message aside that comes back", "high", ({ queues }, { params }) => {
      const poisoned = queues === undefined ? [] : withBacklog(queues, "poisoned", params.waiting);
      return `The log of a consumer of ${names(poisoned)} says at which message it fails. Take that one out and keep it (\`rabbitmqadmin get queue=${shellWord(first(poisoned))} ackmode=ack_requeue_false count=1 payload_file=kept.bin\`). So that it does not happen again: reject without requeue, with a dead-letter exchange, or a quorum queue with a delivery limit. Requeueing it brings it back to the head.`;
    }),
    lookAtConsumers: book.advises("Look at what the consumers do", "low", ({ queues }, { params }) => {
      const held =
        queues === undefined
          ? []
          : [
              ...withBacklog(queues, "unacknowledged", params.waiting),
              ...withBacklog(queues, "idle-consumers", params.waiting),
            ];
      return `Look at a consumer of ${names(held)}: what does it wait for (database, API, lock)? \`rabbitmqctl list_consumers -p ${shellWord(host(held))}\` and \`rabbitmqctl list_channels connection messages_unacknowledged prefetch_count\` say which holds how many. One that is ended gives its messages back, and another gets them: that helps only where it hangs by itself.`;
    }),
    limitPrefetch: book.advises(
      "Give a consumer only what it can do soon",
      "low",
      "Set a prefetch (basic.qos) of a few times what one consumer does at once (pika prefetch_count, amqplib channel.prefetch, Celery worker_prefetch_multiplier=1, Spring prefetch), then restart one consumer after the other: what it held goes back to the queue and to the others. More consumers help only after that. Do not purge: nothing of it is done. Why each takes so long, its own log says (database, API).",
    ),
    turnOnStatistics: book.advises(
      "Let the broker count",
      "low",
      "`rabbitmqctl environment | grep -e rates_mode -e disable_metrics`: `management.rates_mode = basic` and `management_agent.disable_metrics_collector = false` in its configuration, then a restart of one node after the other. Where a node was just started: ask again in a minute.",
    ),
    balance: book.advises("Finish more than comes", "low", BALANCE),
    readDead: book.advises(
      "Read the dead letters",
      "low",
      "The header `x-death` of a dead letter says from which queue it came and why: rejected, expired, maxlen, delivery_limit. Mend that first; letters that are sent back before come here again.",
    ),
  })
  .findings((find) => {
    const about = <
      const R extends
        | "limitPrefetch"
        | "startConsumers"
        | "setAside"
        | "lookAtConsumers"
        | "balance"
        | "turnOnStatistics",
    >(
      id: Backlog,
      words: Words<R>,
    ) =>
      find(["queues"], ({ queues }, { params }) => {
        const mine = withBacklog(queues, id, params.waiting);
        return (
          mine.length > 0 && {
            id,
            severity: words.severity,
            title: words.title(mine),
            because: words.because,
            evidence: shown(mine, queues),
            remedies: words.remedies,
          }
        );
      });
    return [
      find(["queues"], ({ queues }, { params }) => {
        if (params.purge === undefined) return undefined;
        const wanted = queues.queues.find(({ name }) => name === params.purge);
        return {
          id: "purge-asked",
          severity: "info",
          title:
            wanted === undefined
              ? `There is no queue ${params.purge} among those looked at`
              : `Throwing ${count(wanted.ready, "message")} of ${wanted.name} away: asked for`,
          because: "Somebody asked for it; that it helps nobody has found out.",
          remedies: wanted === undefined ? [] : ["purge"],
        };
      }),
      find(["state"], ({ state }) => alarmFindings(state)),
      find(["state"], ({ state }) => nodeFindings(state)),
      find(
        ["state"],
        ({ state }) =>
          state.blocked > 0 && {
            id: "blocked",
            severity: "warning",
            title: `${count(state.blocked, "connection")} may not publish`,
            because: "The broker has blocked them: an alarm, or one that has just ended.",
          },
      ),
      find(["queues"], ({ queues }) => {
        const down = queues.queues.filter(isOut);
        const states = [...new Set(down.map(({ state }) => OUT[state] ?? state))].slice(0, 3);
        return (
          down.length > 0 && {
            id: "queue-down",
            severity: "critical",
            title: `${names(down)} cannot be used: ${states.join(", ")}`,
            because: "Nothing goes in and nothing comes out of such a queue.",
            evidence: shown(down, queues),
            remedies: ["bringQueueBack"],
          }
        );
      }),
      about("poisoned", {
        severity: "critical",
        title: (mine) => `The same messages come back again and again: ${names(mine)}`,
        because:
          "They are delivered, given back and delivered again, and none is done meanwhile: each ends its consumer, or is rejected with requeue. A consumer that has just ended gives its messages back once.",
        remedies: ["setAside"],
      }),
      about("no-consumer", {
        severity: "critical",
        title: (mine) => `Nobody takes from ${names(mine)}`,
        because:
          "Messages come in, and no consumer is connected. A client that fetches now and then (basic.get) is seen only where it does within the look.",
        remedies: ["startConsumers"],
      }),
      about("unacknowledged", {
        severity: "warning",
        title: (mine) => `Consumers of ${names(mine)} hold messages and finish none`,
        because:
          "Within the look nothing was acknowledged. Either they hang, or each message takes longer than that: jobs of minutes look the same here. To tell them apart: what do the consumers do, and are messages acknowledged later?",
        remedies: ["lookAtConsumers"],
      }),
      about("hoarded", {
        severity: "warning",
        title: (mine) => `Consumers of ${names(mine)} hold more than they finish in half an hour`,
        because:
          "The queue looks empty, and what was in it lies in the consumers' memory: they were given all at once (no prefetch limit, or a large one) and work it off slowly. Other consumers get none of it, a consumer that ends gives all back at once, and after consumer_timeout (30 min) the broker closes its channel.",
        remedies: ["limitPrefetch"],
      }),
      about("idle-consumers", {
        severity: "warning",
        title: (mine) => `Consumers of ${names(mine)} are connected and take nothing`,
        because:
          "Messages are ready, consumers are there, and none is delivered: they are paused, or another of a single active consumer is at work.",
        remedies: ["lookAtConsumers"],
      }),
      about("growing", {
        severity: "warning",
        title: (mine) => `More comes than is done: ${names(mine)}`,
        because:
          "It is worked on, and the queue grows. Whether more comes than usual or less is done, a look of some seconds cannot say.",
        remedies: ["balance"],
      }),
      find(["queues"], ({ queues }, { params }) => {
        const mine = withBacklog(queues, "draining", params.waiting);
        const [one] = mine;
        const left = one && emptyIn({ waiting: one.ready, grown: one.grown }, queues.seconds);
        return (
          one !== undefined && {
            id: "draining",
            severity: "info",
            title: `${names(mine)}: worked off${left === undefined ? "" : `, ${one.name} empty in about ${sayDuration(left * 1000)} at this rate`}`,
            because: BURST,
            evidence: shown(mine, queues),
          }
        );
      }),
      about("nobody-now", {
        severity: "info",
        title: (mine) => `${names(mine)}: messages, no consumer, and nothing comes`,
        because:
          "Either they wait for a batch that comes at its time, or nobody wants them any more. To tell them apart: who declares the queue, and when was its last consumer?",
        remedies: [],
      }),
      about("unknown", {
        severity: "warning",
        title: (mine) => `${names(mine)}: messages wait, and why is not known`,
        because:
          "The broker gave no figures of what happens now: its statistics are off, or its counters began anew.",
        remedies: ["turnOnStatistics"],
      }),
      find(["queues"], ({ queues }) => {
        const dead = queues.queues.filter(({ takesDead, ready }) => takesDead && ready > 0);
        const more = dead.filter(({ published }) => (published ?? 0) > 0);
        return (
          dead.length > 0 && {
            id: "dead-letters",
            severity: more.length > 0 ? ("warning" as const) : ("info" as const),
            title:
              more.length > 0
                ? `Dead letters arrive in ${names(more)} now (${count(sumOf(more), "message")})`
                : `${names(dead)}: ${count(sumOf(dead), "dead letter")} from before`,
            because: "A consumer has rejected them, or they have expired. Which, their header x-death says.",
            evidence: shown(dead, queues),
            remedies: ["readDead"],
          }
        );
      }),
    ];
  });
