import pg from "pg";
import type { LocalSlack } from "../local/slack/local-slack.ts";
import type { Product, Served } from "../test/helpers/product.ts";
import { until } from "../test/helpers/until.ts";
import { Sample } from "./sample.ts";

/** One `serve --role all` and what asks it. */
export interface Bench {
  readonly slack: LocalSlack;
  readonly product: Product;
  readonly served: Served;
  readonly databaseUrl: string;
}

/** `/diag status`, one after another: the acknowledgement as Slack sees it. */
export async function ackAtRest({ slack }: Bench, times: number): Promise<Sample> {
  const sample = new Sample();
  for (let done = 0; done < times; done += 1)
    await sample.time(() => slack.command("U0ALICE", "C0OPS", "/diag", "status"));
  return sample;
}

/** `/diag bench pg-pool-exhausted`, so many a second: every command is a run, so the runs are the load. */
export async function ackUnderLoad({ slack }: Bench, perSecond: number, seconds: number): Promise<Sample> {
  const sample = new Sample();
  const under: Promise<unknown>[] = [];
  const begun = performance.now();
  for (let sent = 0; sent < perSecond * seconds; sent += 1) {
    const due = begun + (sent * 1000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    under.push(sample.time(() => slack.command("U0ALICE", "C0OPS", "/diag", "bench pg-pool-exhausted")));
  }
  await Promise.all(under);
  return sample;
}

/** A first run, so that the workers have started when the clock does. */
export async function warmUp(bench: Bench): Promise<void> {
  await bench.slack.command("U0ALICE", "C0OPS", "/diag", "bench pg-pool-exhausted");
  await diagnoses(bench, "pg-pool-exhausted");
}

/** From the row of the run to its end, of every run of a runbook since `after`; waits until none is open. */
export async function diagnoses({ databaseUrl }: Bench, runbook: string, after = 0): Promise<Sample> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await until(async () => {
      const { rows } = await client.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM run WHERE ended_at IS NULL",
      );
      return rows[0]?.open === 0;
    }, 300_000);
    const { rows } = await client.query<{ ms: number }>(
      `SELECT 1000 * extract(epoch FROM ended_at - created_at)::float8 AS ms
       FROM run WHERE status = 'succeeded' AND runbook = $1 AND id > $2`,
      [runbook, after],
    );
    const sample = new Sample();
    for (const { ms } of rows) sample.add(ms);
    return sample;
  } finally {
    await client.end();
  }
}

/** Notifications of `alerts` alerts each, every one a new group, `peers` senders at once; `job` decides whether runs come of it. */
export async function webhooks(
  { served, product }: Bench,
  load: { job: string; notifications: number; alerts: number; peers: number },
): Promise<{ sample: Sample; perSecond: number }> {
  const sample = new Sample();
  const begun = performance.now();
  let next = 0;
  const peer = async (): Promise<void> => {
    while (next < load.notifications) {
      next += 1;
      const body = JSON.stringify(notification(`group-${load.job}-${load.alerts}-${next}`, load));
      await sample.time(() =>
        deliver(`${served.url}/webhooks/alertmanager`, product.alertmanagerToken, body),
      );
    }
  };
  await Promise.all(Array.from({ length: load.peers }, peer));
  return { sample, perSecond: (1000 * load.notifications) / (performance.now() - begun) };
}

/** Delivers one notification; throws where it is not taken. */
async function deliver(url: string, token: string, body: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
  });
  if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}: ${await answer.text()}`);
}

const notification = (group: string, { job, alerts }: { job: string; alerts: number }) => ({
  version: "4",
  groupKey: `{}:{group="${group}"}`,
  truncatedAlerts: 0,
  status: "firing",
  receiver: "bench",
  groupLabels: { group },
  commonLabels: { group },
  commonAnnotations: {},
  externalURL: "http://alertmanager.invalid",
  alerts: Array.from({ length: alerts }, (_, index) => ({
    status: "firing",
    labels: { alertname: "BenchOnly", group, instance: `machine-${index}`, job },
    annotations: { summary: "A summary of the length people write about what has happened to this machine." },
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prometheus.invalid/graph",
    fingerprint: `${index}`,
  })),
});
