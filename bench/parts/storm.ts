// A storm: 1,000 notifications of 500 groups (10,000 alerts) within a minute, one channel, a Slack with Slack's own limit of one
// message a second. What counts is when people can see each group, whoever else they wait for.

import pg from "pg";
import type { LocalMessage } from "../../local/slack/types.ts";
import { limitPosts } from "../../test/helpers/slack-limits.ts";
import { until } from "../../test/helpers/until.ts";
import type { Bench } from "../bench.ts";
import type { Row } from "../row.ts";
import { Sample } from "../sample.ts";

export interface StormLoad {
  readonly groups: number;
  readonly seconds: number;
  /** Of so many groups one is critical. */
  readonly criticalEvery: number;
}

export interface StormFigures {
  readonly groups: number;
  readonly seconds: number;
  /** Groups that were to be seen when the last notification came. */
  readonly seenInTime: number;
  /** Seconds from the first notification until all were to be seen. */
  readonly allSeenAfter: number;
  readonly critical: Sample;
  readonly answered: Sample;
  readonly refused: number;
  readonly posts: number;
  readonly updates: number;
  readonly rateLimited: number;
}

/** Of the system alone: what people asked for in another part waits in another channel. */
export const STORM_CHANNEL = "C0STORM";
/** Notifications for each group: the one it comes with, and a later one. */
const PER_GROUP = 2;
const ALERTS = 10;
/** Everything is to be seen within so many times the storm, or never. */
const GIVE_UP = 20;

export async function storm(bench: Bench, load: StormLoad): Promise<StormFigures> {
  const { slack } = bench;
  limitPosts(slack, () => performance.now());
  const from = slack.calls.length;
  const begun = Date.now();
  const came = new Map<string, number>();
  const answered = new Sample();
  let refused = 0;
  const under: Promise<void>[] = [];
  const total = load.groups * PER_GROUP;
  for (let sent = 0; sent < total; sent += 1) {
    const due = begun + (sent * load.seconds * 1_000) / total;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
    // New groups come all the time, each followed by one that is known.
    const n = sent % 2 === 0 ? sent / 2 : Math.floor(sent / 4);
    const group = `storm-${n}`;
    if (!came.has(group)) came.set(group, Date.now());
    under.push(
      answered
        .time(() => deliver(bench, group, n % load.criticalEvery === 0))
        .then((times) => {
          refused += times;
        }),
    );
  }
  await Promise.all(under);
  const end = begun + load.seconds * 1_000;
  const numbers = await numbersOf(bench.databaseUrl);
  const seen = await until(
    () => {
      const at = seenAt(
        slack.messages(STORM_CHANNEL),
        (ts) => slack.messages(STORM_CHANNEL, { thread: ts }),
        numbers,
      );
      return at.size === load.groups ? at : undefined;
    },
    GIVE_UP * load.seconds * 1_000,
  );
  const critical = new Sample();
  for (let n = 0; n < load.groups; n += load.criticalEvery)
    critical.add(Math.max(0, (seen.get(`storm-${n}`) ?? Infinity) - (came.get(`storm-${n}`) ?? begun)));
  const calls = slack.calls.slice(from);
  const count = (method: string) => calls.filter((call) => call.method === method).length;
  return {
    ...load,
    seenInTime: [...seen.values()].filter((at) => at <= end).length,
    allSeenAfter: (Math.max(...seen.values()) - begun) / 1_000,
    critical,
    answered,
    refused,
    posts: count("chat.postMessage"),
    updates: count("chat.update"),
    rateLimited: calls.filter(({ error }) => error === "ratelimited").length,
  };
}

/** The storm's figures as rows: when people could see all of it, what it is against, and what was refused. */
export const rowsOf = (figures: StormFigures): Row[] => {
  const { groups, seconds, seenInTime, allSeenAfter, critical, answered, refused } = figures;
  return [
    {
      name: `a storm of ${groups} groups, until all were to be seen`,
      unit: "s",
      ours: allSeenAfter,
      baseline: { name: "its own length", value: seconds },
      goal: { most: 1.1 },
      remark: `${seenInTime} of them within it; ${figures.posts} posts and ${figures.updates} edits, where a message for each group takes ${groups} s; Slack's limits refused ${figures.rateLimited}`,
    },
    {
      name: "critical groups of it, until seen, p99",
      unit: "s",
      ours: critical.at(0.99) / 1_000,
      goal: { most: 3 },
    },
    {
      name: "notifications of it, until taken, p99",
      unit: "ms",
      ours: answered.at(0.99),
      goal: { most: 300 },
      remark: `${refused} refused`,
    },
  ];
};

/** Names of groups by the number of their incident. */
async function numbersOf(databaseUrl: string): Promise<ReadonlyMap<string, string>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: number; group: string }>(
      `SELECT id, substring(group_key FROM 'storm-[0-9]+') AS "group" FROM incident WHERE group_key LIKE '%storm-%'`,
    );
    return new Map(rows.map(({ id, group }) => [String(id), group]));
  } finally {
    await client.end();
  }
}

/** When each group was to be seen first, in milliseconds since 1970: its line of a storm, or its own first message. */
function seenAt(
  roots: readonly LocalMessage[],
  repliesOf: (ts: string) => readonly LocalMessage[],
  numbers: ReadonlyMap<string, string>,
): Map<string, number> {
  const seen = new Map<string, number>();
  for (const message of roots.flatMap((root) => [root, ...repliesOf(root.ts).slice(1)])) {
    const text = JSON.stringify(message.blocks);
    for (const [, number] of text.matchAll(/#(\d+)\b/g)) {
      const group = numbers.get(number ?? "");
      const at = 1_000 * Number(message.ts);
      if (group !== undefined) seen.set(group, Math.min(at, seen.get(group) ?? at));
    }
  }
  return seen;
}

/** Until it is taken, as Alertmanager does. Resolves with how often it was not. */
async function deliver(bench: Bench, group: string, isCritical: boolean): Promise<number> {
  for (let refused = 0; ; refused += 1) {
    if (await isTaken(bench, group, isCritical)) return refused;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function isTaken({ doors, product }: Bench, group: string, isCritical: boolean): Promise<boolean> {
  const answer = await fetch(`${doors.url}/webhooks/alertmanager`, {
    method: "POST",
    headers: { authorization: `Bearer ${product.alertmanagerToken}`, "content-type": "application/json" },
    body: JSON.stringify(notification(group, isCritical)),
  });
  await answer.arrayBuffer();
  return answer.status === 200;
}

const notification = (group: string, isCritical: boolean) => ({
  version: "4",
  groupKey: `{}:{group="${group}"}`,
  truncatedAlerts: 0,
  status: "firing",
  receiver: "bench",
  groupLabels: { alertname: "BenchStorm", group },
  commonLabels: { group },
  commonAnnotations: {},
  externalURL: "http://alertmanager.invalid",
  alerts: Array.from({ length: ALERTS }, (_, index) => ({
    status: "firing",
    labels: {
      alertname: "BenchStorm",
      group,
      instance: `machine-${index}`,
      job: "bench",
      severity: isCritical ? "critical" : "warning",
      zone: Number(group.slice(6)) % 3 === 0 ? "eu-2" : "eu-1",
    },
    annotations: { summary: "A summary of the length people write about what has happened to this machine." },
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "http://prometheus.invalid/graph",
    fingerprint: `${index}`,
  })),
});
