import { CONFIGURED } from "../support/people.ts";
import { type Mode, openStage, type Stage } from "../support/stage.ts";
import {
  type Cache,
  cache,
  type Folder,
  IDLE_MINUTES,
  logFolder,
  type ShopDatabase,
  type Site,
  shopDatabase,
  site,
} from "../support/targets.ts";

/** Systems with a cache of their own, so that scenarios do not get into each other's way. */
export const CACHES = ["denied", "cancelled", "moved", "frozen"] as const;

/** A product that watches a shop's database, four caches, a folder of logs and a website. */
export interface Setup {
  readonly stage: Stage;
  readonly orders: ShopDatabase;
  readonly caches: Readonly<Record<(typeof CACHES)[number], Cache>>;
  readonly logs: Folder;
  readonly website: Site;
  /** Everything that nobody may ever read. */
  readonly secrets: readonly string[];
  close(): Promise<void>;
}

export const ORDERS = "C0ORDERS";
/** A check of the company's own: one table fewer than it wants. */
const TABLES = {
  id: "missing-tables",
  title: "Tables that are missing",
  systems: ["orders"],
  sql: "SELECT count(*) AS n FROM pg_tables WHERE tablename = 'invoices'",
  findings: [
    {
      when: { n: { below: 1 } },
      title: "{{n}} tables called invoices",
      because: "The last migration makes it.",
      advice: "Run `./migrate up`.",
    },
  ],
};

/** Channel of a system with a cache. */
export const channelOf = (name: (typeof CACHES)[number]): string => `C0${name.toUpperCase()}`;

export async function openSetup(mode: Mode, queue: "redis" | "postgres"): Promise<Setup> {
  const [orders, website, ...four] = await Promise.all([
    shopDatabase(),
    site(),
    ...CACHES.map(() => cache()),
  ]);
  const logs = logFolder();
  const caches = Object.fromEntries(CACHES.map((name, at) => [name, four[at]])) as Setup["caches"];
  const targets = [orders, website, logs, ...four];
  const stage = await openStage({
    ...{ label: `main_${mode}`, mode, queue, env: { HTTP_TOKEN: website.secrets[0] ?? "" } },
    channels: [ORDERS, ...CACHES.map(channelOf)].map((id) => ({ id, name: id.slice(2).toLowerCase() })),
    config: { ...CONFIGURED, systems: systemsOf(orders, caches, logs, website), checks: [TABLES] },
  }).catch(async (error: unknown) => {
    await Promise.all(targets.map((target) => target.stop()));
    throw error;
  });
  const { slack, product } = stage;
  return {
    ...{ stage, orders, caches, logs, website },
    secrets: [
      ...targets.flatMap((target) => target.secrets),
      ...[slack.token, slack.appToken, slack.signingSecret, product.alertmanagerToken],
    ],
    close: async () => {
      try {
        await stage.close();
      } finally {
        await Promise.all(targets.map((target) => target.stop()));
      }
    },
  };
}

const systemsOf = (orders: ShopDatabase, caches: Setup["caches"], logs: Folder, website: Site) => ({
  orders: {
    channel: ORDERS,
    match: [{ job: "orders" }],
    connections: { database: orders.connection },
    thresholds: { idleMinutes: IDLE_MINUTES },
  },
  logs: { match: [{ job: "logs" }], connections: { machine: logs.connection } },
  website: {
    match: [{ job: "website" }],
    connections: {
      // The secret comes from the environment, as it should.
      web: { ...website.connection, headers: { authorization: interpolated("HTTP_TOKEN") } },
    },
    thresholds: { p95Seconds: 20 },
  },
  ...Object.fromEntries(
    Object.entries(caches).map(([name, one]) => [
      name,
      {
        channel: channelOf(name as (typeof CACHES)[number]),
        match: [{ job: name }],
        connections: { store: one.connection },
      },
    ]),
  ),
});

const interpolated = (name: string): string => `Bearer \${${name}}`;
