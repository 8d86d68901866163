import { Agent, request } from "node:http";
import type { Bench } from "../bench.ts";
import { startBaseline } from "../child.ts";
import { inTurn, type Row } from "../row.ts";

/** Alerts of a notification, senders at once, and notifications of a round. */
const LOADS = [
  { alerts: 1, senders: 1, times: 150 },
  { alerts: 1, senders: 16, times: 300 },
  { alerts: 1, senders: 64, times: 300 },
  { alerts: 10, senders: 16, times: 150 },
  { alerts: 1_000, senders: 4, times: 12 },
] as const;

/** Notifications of new groups until their 200, against fastify and one INSERT in a transaction, on the same Postgres. */
export async function webhooks(bench: Bench): Promise<Row[]> {
  const { databaseUrl, doors, product, quick } = bench;
  const baseline = await startBaseline("insert-server.mjs", { DATABASE_URL: databaseUrl });
  const rows: Row[] = [];
  try {
    for (const load of quick ? LOADS.slice(0, 2) : LOADS) {
      const times = quick ? 10 : load.times;
      const figures = await inTurn(
        quick ? 1 : 5,
        () => rate(`${doors.url}/webhooks/alertmanager`, product.alertmanagerToken, { ...load, times }),
        () => rate(`${baseline.url}/`, product.alertmanagerToken, { ...load, times }),
      );
      rows.push({
        name: `webhooks of ${load.alerts} alert${load.alerts === 1 ? "" : "s"}, ${load.senders} at a time`,
        unit: "a second",
        ours: figures.ours,
        baseline: { name: "fastify + INSERT", value: figures.baseline },
        goal: { least: 0.9 },
      });
    }
    return rows;
  } finally {
    await baseline.stop();
  }
}

interface Load {
  readonly alerts: number;
  readonly senders: number;
  readonly times: number;
}

let groups = 0;

/** So many notifications, each a group of its own: how many a second. */
async function rate(url: string, token: string, { alerts, senders, times }: Load): Promise<number> {
  // Made before the clock starts: the senders are no part of what is measured.
  const bodies = Array.from({ length: times }, () => Buffer.from(JSON.stringify(notification(alerts))));
  const agent = new Agent({ keepAlive: true, maxSockets: senders });
  const begun = performance.now();
  const send = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop())
      await post(url, token, body, agent);
  };
  await Promise.all(Array.from({ length: senders }, send));
  const seconds = (performance.now() - begun) / 1_000;
  agent.destroy();
  return times / seconds;
}

const post = (url: string, token: string, body: Buffer, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": body.length,
    };
    request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`${url} answered ${response.statusCode ?? "nothing"}`)),
      );
    })
      .on("error", reject)
      .end(body);
  });

/** Of no system that is configured, so that no run comes of it. */
function notification(alerts: number) {
  groups += 1;
  const group = `bench-${groups}`;
  return {
    version: "4",
    groupKey: `{}:{group="${group}"}`,
    truncatedAlerts: 0,
    status: "firing",
    receiver: "bench",
    groupLabels: { group },
    commonLabels: { group },
    commonAnnotations: {},
    externalURL: "http://alertmanager.invalid",
    alerts: Array.from({ length: alerts }, (_, n) => ({
      status: "firing",
      labels: { alertname: "BenchOnly", group, instance: `machine-${n}`, job: "nobodys" },
      annotations: { summary: "A summary of the length people write about what has happened here." },
      startsAt: "2026-01-01T00:00:00Z",
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus.invalid/graph",
      fingerprint: `${n}`,
    })),
  };
}
