import { z } from "zod";
import { type Forecast, forecast, type Measured } from "../../core/rules/forecast.ts";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { canonical } from "../../core/words/json.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { Labels, PrometheusClient, Series, Span } from "./client.ts";
import { oncePerDevice } from "./mounted-twice.ts";
import { whole } from "./partial.ts";

const { read } = actionsOn<PrometheusClient>("prometheus");

const DAY = 86_400;
const STEP = 3_600;
/** Series of one resource that are told of; the rest is counted. */
const MOST_SERIES = 20;
/** Series of one resource with the points of their curve. */
const MOST_CURVES = 4;
const MOST_POINTS = 240;

/** File systems that hold no data of their own, or that are full by design. */
const NO_DISK =
  /^(tmpfs|ramfs|devtmpfs|squashfs|overlay|iso9660|autofs|nsfs|cgroup2?|proc|sysfs|fuse\.lxcfs|erofs)$/;

const NAMES = ["disk", "inodes", "memory", "connections"] as const;
type Name = (typeof NAMES)[number];

interface Resource {
  readonly name: Name;
  /** Metrics it is made of, for people. */
  readonly metric: string;
  used(client: PrometheusClient): string;
  limit(client: PrometheusClient): string;
  isMeant(labels: Labels): boolean;
  /** What tells its series apart, for people. */
  readonly told: readonly string[];
  /** Where nothing has it nobody misses it. */
  readonly optional: boolean;
}

/** Read-only file systems are as full as they were made. */
const writable = (client: PrometheusClient): string =>
  `unless (${client.select("node_filesystem_readonly")} == 1)`;

const RESOURCES: readonly Resource[] = [
  {
    name: "disk",
    metric: "node_filesystem_size_bytes",
    // What root keeps for itself is not free for anybody else.
    used: (client) =>
      `(${client.select("node_filesystem_size_bytes")} - ${client.select("node_filesystem_avail_bytes")}) ${writable(client)}`,
    limit: (client) => client.select("node_filesystem_size_bytes"),
    isMeant: ({ fstype = "" }) => !NO_DISK.test(fstype),
    told: ["mountpoint", "instance"],
    optional: false,
  },
  {
    name: "inodes",
    metric: "node_filesystem_files",
    used: (client) =>
      `(${client.select("node_filesystem_files")} - ${client.select("node_filesystem_files_free")}) ${writable(client)}`,
    limit: (client) => `${client.select("node_filesystem_files")} > 0`,
    // These make them as they need them: their number is no limit.
    isMeant: ({ fstype = "" }) => !NO_DISK.test(fstype) && !/^(xfs|btrfs|zfs|vfat|ntfs|exfat)/.test(fstype),
    told: ["mountpoint", "instance"],
    optional: true,
  },
  {
    name: "memory",
    metric: "node_memory_MemAvailable_bytes",
    // ZFS gives back what its cache (ARC) holds above its least; MemAvailable does not know.
    used: (client) => {
      const used = `${client.select("node_memory_MemTotal_bytes")} - ${client.select("node_memory_MemAvailable_bytes")}`;
      const cache = `(${client.select("node_zfs_arc_size")} - ${client.select("node_zfs_arc_c_min")})`;
      return `(${used} - clamp_min(${cache}, 0)) or (${used})`;
    },
    limit: (client) => client.select("node_memory_MemTotal_bytes"),
    isMeant: () => true,
    told: ["instance"],
    optional: false,
  },
  {
    name: "connections",
    metric: "pg_stat_activity_count",
    used: (client) => `sum by (instance) (${client.select("pg_stat_activity_count")})`,
    limit: (client) => `max by (instance) (${client.select("pg_settings_max_connections")})`,
    isMeant: () => true,
    told: ["instance"],
    optional: true,
  },
];

const basis = {
  days: z.number(),
  since: z.object({ at: z.number(), why: z.enum(["limit", "cleanup"]) }).optional(),
};
const ForecastShape = z.discriminatedUnion("state", [
  z.object({ state: z.literal("too-little"), needsDays: z.number(), ...basis }),
  z.object({ state: z.literal("no-trend"), perDay: z.number(), ...basis }),
  z.object({ state: z.literal("held-down"), times: z.number(), peak: z.number(), ...basis }),
  z.object({
    state: z.literal("fills"),
    perDay: z.number(),
    soonest: z.number(),
    latest: z.number().optional(),
    faster: z.boolean(),
    byPeaks: z.boolean(),
    today: z.literal(true).optional(),
    missed: z.number().optional(),
    swing: z.number(),
    ...basis,
  }),
]);
const Trend = z.object({
  name: z.string(),
  used: z.number(),
  limit: z.number(),
  forecast: ForecastShape,
  /** Used, of those that fill soonest. */
  points: z
    .array(z.tuple([z.number(), z.number().nullable()]))
    .max(MOST_POINTS + 1)
    .optional(),
});
const TrendsShape = z.object({
  resources: z.array(
    z.object({
      name: z.enum(NAMES),
      series: z.array(Trend).max(MOST_SERIES),
      /** Further series, which fill later or not at all. */
      more: z.int(),
    }),
  ),
  notSeen,
});
/** What grows, and when it is full; one entry for each resource that has series. */
export type Trends = z.output<typeof TrendsShape>;

/**
 * Disk, memory and Postgres connections over the last weeks, hour by hour, with a forecast for each series: Theil-Sen on daily
 * medians (core/rules/forecast.ts). Of node_exporter and postgres_exporter, with the connection's labels. tektra.capacity-planning.
 */
export const trends = read({
  name: "prometheus.trends",
  title: "Follows disks, memory and connections over weeks, and says when they are full",
  timeoutSeconds: 45,
  input: z.strictObject({
    historyDays: z.int().min(7).max(90).default(30),
    horizonDays: z.int().min(1).max(180).default(30),
    /** Only what has these labels, as of an alert; `mountpoint`: only file systems. */
    instance: z.string().max(200).optional(),
    mountpoint: z.string().max(500).optional(),
  }),
  output: TrendsShape,
  run: (client, asked, context) => whole(client, (one) => trendsOf(one, asked, context)),
});

async function trendsOf(
  client: PrometheusClient,
  { historyDays, horizonDays, instance, mountpoint }: Asked,
  context: ActionContext,
): Promise<z.input<typeof TrendsShape>> {
  const only = Object.entries({ instance, mountpoint }).flatMap(([label, value]) =>
    value === undefined ? [] : [{ label, value }],
  );
  const end = Math.floor(Date.now() / 1000 / STEP) * STEP;
  const span = { start: end - historyDays * DAY, end, step: STEP };
  const resources: z.input<typeof TrendsShape>["resources"] = [];
  const missing: NotSeen[] = [];
  for (const resource of RESOURCES.filter(
    ({ told }) => mountpoint === undefined || told.includes("mountpoint"),
  )) {
    const found = oncePerDevice(
      (await seriesOf(client, resource, { span, horizonDays }, context)).filter(({ labels }) =>
        only.every(({ label, value }) => labels[label] === value),
      ),
    );
    if (found.length > 0) resources.push(toldOf(resource, found));
    missing.push(...missingOf(resource, found, only));
  }
  return { resources, ...(missing.length === 0 ? {} : { notSeen: missing }) };
}

interface Asked {
  readonly historyDays: number;
  readonly horizonDays: number;
  readonly instance?: string | undefined;
  readonly mountpoint?: string | undefined;
}

interface Found {
  readonly labels: Labels;
  readonly name: string;
  readonly measured: readonly Measured[];
  readonly forecast: Forecast;
}

async function seriesOf(
  client: PrometheusClient,
  resource: Resource,
  { span, horizonDays }: { span: Span; horizonDays: number },
  context: ActionContext,
): Promise<Found[]> {
  const used = await client.range(resource.used(client), span, context);
  const limits = new Map(
    (await client.range(resource.limit(client), span, context)).map((one) => [keyOf(one), one]),
  );
  return used
    .filter(({ labels }) => resource.isMeant(labels))
    .flatMap((one): Found[] => {
      const limit = limits.get(keyOf(one));
      if (limit === undefined) return [];
      const measured = measuredOf(one, limit);
      // What is not measured any more is gone: a day counted from its last value is none of those to come.
      if ((measured.findLast(({ used: is }) => is !== null)?.at ?? 0) < span.end - DAY) return [];
      const name = resource.told.flatMap((label) => one.labels[label] ?? []).join(" on ");
      return [
        {
          ...{ labels: one.labels, name: name.slice(0, 120) || resource.name, measured },
          forecast: forecast(measured, horizonDays),
        },
      ];
    });
}

const keyOf = ({ labels: { __name__: _, ...labels } }: Series): string => canonical(labels);

/** Steps at which both are known. */
function measuredOf({ points }: Series, limit: Series): Measured[] {
  const limits = new Map(limit.points);
  return points.flatMap(([at, used]) => {
    const most = limits.get(at);
    return most === undefined || !Number.isFinite(most)
      ? []
      : [{ at, used: Number.isFinite(used) ? used : null, limit: most }];
  });
}

/** What fills soonest first, then what is fullest. */
function toldOf(
  { name }: Resource,
  found: readonly Found[],
): z.input<typeof TrendsShape>["resources"][number] {
  const soonest = ({ forecast: said }: Found) => (said.state === "fills" ? said.soonest : Infinity);
  const share = ({ measured }: Found) => (measured.at(-1)?.used ?? 0) / (measured.at(-1)?.limit ?? 1);
  const order = (a: Found, b: Found) => {
    const [first, second] = [soonest(a), soonest(b)];
    return first === second ? share(b) - share(a) : first - second;
  };
  const sorted = found.toSorted(order);
  return {
    name,
    more: Math.max(0, sorted.length - MOST_SERIES),
    series: sorted.slice(0, MOST_SERIES).map(({ name: of, measured, forecast: said }, i) => ({
      name: of,
      used: measured.findLast(({ used }) => used !== null)?.used ?? 0,
      limit: measured.at(-1)?.limit ?? 0,
      forecast: said,
      ...(i < MOST_CURVES && said.state === "fills" ? { points: thinned(measured) } : {}),
    })),
  };
}

/** At most so many points that a chart has, evenly. */
function thinned(measured: readonly Measured[]): [number, number | null][] {
  const every = Math.ceil(measured.length / MOST_POINTS);
  return measured.filter((_, i) => i % every === 0).map(({ at, used }) => [at, used]);
}

function missingOf(
  { name, metric, optional }: Resource,
  found: readonly Found[],
  only: readonly { readonly label: string; readonly value: string }[],
): NotSeen[] {
  const asked = only.map(({ label, value }) => `${label}=${JSON.stringify(value)}`).join(", ");
  if (found.length === 0)
    return optional
      ? []
      : [
          {
            what: `how ${name} grows`,
            why: `there is no series ${metric} of the last day with the labels of the connection${asked === "" ? "" : ` and ${asked}`}`,
            fix: "scrape node_exporter of these machines, with labels that `labels:` of the connection fits",
          },
        ];
  const days = Math.max(...found.map(({ forecast: said }) => said.days));
  const needs = found.find(({ forecast: said }) => said.state !== "too-little") === undefined;
  return needs
    ? [
        {
          what: `how ${name} grows`,
          why: `there are ${days.toFixed(1)} days of it, and fewer than 5 tell no trend`,
          fix: "look again in some days; Prometheus' own limit is --storage.tsdb.retention.time",
        },
      ]
    : [];
}
