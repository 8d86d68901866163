import {
  count,
  type Evidence,
  type Finding,
  prometheus,
  type RunContext,
  rows,
  runbookOn,
  sayBytes,
  sayPercent,
  z,
} from "../../src/sdk/index.ts";

type Resource = prometheus.Trends["resources"][number];
type One = Resource["series"][number];
type Fills = Extract<One["forecast"], { state: "fills" }>;

/** Within so many days it is critical: nobody buys a disk over a weekend. */
const CRITICAL_DAYS = 2;
/** The same for a growth of some hours, of which most end by themselves. */
const CRITICAL_TODAY = 0.25;
/** Of what there is: more is full, whatever its trend. */
const FULL = 0.97;

/** Trends of weeks and when they meet their limit: disk, memory, connections. Guides: capacity planning. */
const book = runbookOn(
  "prometheus",
  {
    id: "capacity",
    title: "Capacity of the next weeks",
    covers: [
      "tektra.capacity-planning",
      "tektra.high-memory",
      "sergas-accounts.high-memory",
      "resync.high-cpu-memory",
    ],
    alerts: [
      "NodeFilesystemSpaceFillingUp",
      "NodeFilesystemFilesFillingUp",
      "DiskWillFillIn",
      "DiskFillingUp",
    ],
    params: z.object({
      warnDays: z
        .int()
        .min(1)
        .max(90)
        .default(14)
        .describe("what may be full within so many days is a warning"),
      horizonDays: z.int().min(1).max(180).default(30).describe("what is full later is not told"),
      historyDays: z.int().min(7).max(90).default(30).describe("days that are looked at"),
      instance: z.string().max(200).optional().describe("only this instance"),
      mountpoint: z.string().max(500).optional().describe("only this file system"),
    }),
    fromAlert: ({ instance, mountpoint }) => ({ instance, mountpoint }),
  },
  ({ params: { historyDays, horizonDays, instance, mountpoint } }) => ({
    trends: prometheus.trends({
      ...{ historyDays, horizonDays },
      ...(instance === undefined ? {} : { instance }),
      ...(mountpoint === undefined ? {} : { mountpoint }),
    }),
  }),
);

export const capacity = book
  .remedies({
    makeRoom: book.advises(
      "Make room, or add some",
      "low",
      "A disk: `disk-full` says what fills it and what may go; otherwise grow it while there is still room for the resize. Memory: a process that grows without end is a leak (`high-memory`), traffic that grows is a larger machine or one more. Connections: a pool in front (`pg-pool-exhausted`) before a higher max_connections, which needs a restart.",
    ),
  })
  .findings((find) => [
    find(["trends"], ({ trends }, { params }) => fillsSoon(trends, "disk", params)),
    find(["trends"], ({ trends }, { params }) => fillsSoon(trends, "inodes", params)),
    find(["trends"], ({ trends }, { params }) => fillsSoon(trends, "memory", params)),
    find(["trends"], ({ trends }, { params }) => fillsSoon(trends, "connections", params)),
    find(["trends"], ({ trends }) => fullNow(trends)),
    find(["trends"], ({ trends }, context) => alerted(trends, context)),
  ]);

const WORDS = {
  disk: "disk",
  inodes: "the inodes of",
  memory: "the memory of",
  connections: "the connections of",
} as const;
const isUsedUp = (name: Resource["name"]): boolean => name === "connections" || name === "inodes";

const share = ({ used, limit }: One): number => (limit === 0 ? 0 : used / limit);

/** What is full already and grows no more has no day to come on which it is full. */
function fullNow({ resources }: prometheus.Trends): Finding<"makeRoom">[] {
  return resources.flatMap((resource) => {
    const { name } = resource;
    const full = resource.series.filter((one) => one.forecast.state !== "fills" && share(one) >= FULL);
    const [first] = full;
    if (first === undefined) return [];
    return [
      {
        id: `${name}-full`,
        severity: "warning" as const,
        title: `${WORDS[name]} ${first.name} ${isUsedUp(name) ? "are used up" : "is full"} already: ${sayPercent(share(first))}${full.length > 1 ? ` (and ${full.length - 1} more)` : ""}`,
        because: `${sayUsed(first, name)}, and it ${first.forecast.state === "held-down" ? "is emptied from time to time" : "grows no more"}. A place that is filled once and on purpose looks the same.`,
        evidence: [tableOf(resource, name)],
        remedies: ["makeRoom" as const],
      },
    ];
  });
}

/** What an alert is about and that does not fill by these trends: its figures stand under the alert all the same. */
function alerted(
  { resources }: prometheus.Trends,
  { alert, params: { instance, mountpoint } }: Pick<RunContext, "alert"> & { params: Target },
): Finding<"makeRoom"> | undefined {
  if (alert === undefined || (instance === undefined && mountpoint === undefined)) return undefined;
  const all = resources.flatMap(({ name, series }) => series.map((one) => ({ ...one, of: name })));
  const isSaid = ({ forecast: said, ...one }: One) =>
    said.state === "fills" || share({ ...one, forecast: said }) >= FULL;
  if (all.length === 0 || all.some(isSaid)) return undefined;
  return {
    id: "no-trend-of-alert",
    severity: "info",
    title: `No trend fills what the alert is about: ${all
      .slice(0, 3)
      .map((one) => `${WORDS[one.of]} ${one.name} ${sayPercent(share(one))} used`)
      .join(", ")}`,
    because:
      "Neither over weeks nor within the last hours does it grow so that it would be full. The alert may look at a shorter time, or at what is over by now.",
    evidence: resources.map((resource) => tableOf(resource, resource.name)),
  };
}

interface Target {
  readonly instance?: string | undefined;
  readonly mountpoint?: string | undefined;
}

function fillsSoon(
  { resources }: prometheus.Trends,
  name: Resource["name"],
  { warnDays, horizonDays }: { warnDays: number; horizonDays: number },
): Finding<"makeRoom"> | false {
  const resource = resources.find((one) => one.name === name);
  const soon = (resource?.series ?? []).flatMap((one) =>
    one.forecast.state === "fills" && one.forecast.soonest <= horizonDays
      ? [{ ...one, forecast: one.forecast }]
      : [],
  );
  const [first] = soon;
  if (resource === undefined || first === undefined) return false;
  const { soonest, today } = first.forecast;
  const critical = today === true ? CRITICAL_TODAY : CRITICAL_DAYS;
  const others = soon.length > 1 ? ` (and ${soon.length - 1} more)` : "";
  return {
    id: `${name}-fills`,
    severity: soonest <= critical ? "critical" : soonest <= warnDays ? "warning" : "info",
    title: `${WORDS[name]} ${first.name} ${isUsedUp(name) ? "are used up" : "is full"} ${sayDays(first.forecast)}, if it goes on so${others}`,
    because: sayWhy(first, name),
    evidence: [tableOf(resource, name), ...curves(resource, name)],
    remedies: ["makeRoom"],
  };
}

/** `in 9 to 14 days`, `in about 9 days`, `now`, `in 9 days at the soonest`. */
function sayDays({ soonest, latest, today }: Fills): string {
  if (today === true) {
    const [from, until] = [soonest * 24, (latest ?? soonest) * 24].map((hours) =>
      Math.max(1, Math.round(hours)),
    );
    if (latest === undefined) return `in ${count(from ?? 0, "hour")} at the soonest`;
    return from === until ? `in about ${count(from ?? 0, "hour")}` : `in ${from} to ${until} hours`;
  }
  if (soonest < 1)
    return latest === undefined || latest >= 2 ? "within a day at the soonest" : "within a day";
  const from = Math.floor(soonest);
  if (latest === undefined) return `in ${from} days at the soonest`;
  const until = Math.ceil(latest);
  return until - from <= 1 ? `in about ${until} days` : `in ${from} to ${until} days`;
}

function sayWhy(
  { used, limit, forecast: said }: One & { readonly forecast: Fills },
  name: Resource["name"],
): string {
  if (said.today === true)
    return `${sayUsed({ used, limit }, name)}: within ${Math.round(said.days * 24)} hours it grew by ${sayPercent(said.swing)} of the whole, to more than ever in the days before. A batch that ends (an import, a backup, a rebuild) looks the same until it ends.`;
  const grows = said.byPeaks ? "Its peaks, before it is emptied each time, grow" : "It grows";
  return [
    `${sayUsed({ used, limit }, name)}. ${grows} by ${sayAmount(said.perDay, name)} a day${said.faster ? " since a week, faster than before" : `, over ${said.days.toFixed(0)} days`}: a line through the days' medians, its slope with a 90 % interval.`,
    ...(said.since === undefined
      ? []
      : [
          `Only the ${said.days.toFixed(0)} days since ${said.since.why === "limit" ? "its size changed" : "something was taken away"} count.`,
        ]),
    ...(said.swing > 0.05
      ? [`Within a day it moves by ${sayPercent(said.swing)} of the whole: the soonest is at the day's high.`]
      : []),
    ...(said.missed === undefined
      ? ["There are too few days to hold the trend against what came."]
      : [
          `The trend of the days before the last week misses today by ${sayPercent(said.missed)} of the whole.`,
        ]),
    "What will be done differently, it cannot know.",
  ].join(" ");
}

/** `98 GiB of 100 GiB are used`, `71 of 100 connections are used`. */
const sayUsed = ({ used, limit }: Pick<One, "used" | "limit">, name: Resource["name"]): string =>
  isUsedUp(name)
    ? `${name === "inodes" ? Math.round(used) : Number(used.toPrecision(2))} of ${sayAmount(limit, name)} are used`
    : `${sayAmount(used, name)} of ${sayAmount(limit, name)} are used`;

const sayAmount = (value: number, name: Resource["name"]): string =>
  name === "connections"
    ? count(Number(value.toPrecision(2)), "connection")
    : name === "inodes"
      ? count(Math.round(value), "inode")
      : sayBytes(value);

const tableOf = ({ series, more }: Resource, name: Resource["name"]): Evidence =>
  rows(more > 0 ? `${more} more are not shown` : "", series, {
    name: (one) => one.name,
    used: (one) =>
      `${sayPercent(one.limit === 0 ? 0 : one.used / one.limit)} of ${sayAmount(one.limit, name)}`,
    "a day": (one) => ("perDay" in one.forecast ? sayAmount(one.forecast.perDay, name) : "–"),
    full: (one) => sayState(one.forecast),
  });

function sayState(said: One["forecast"]): string {
  switch (said.state) {
    case "fills":
      return sayDays(said);
    case "held-down":
      return `emptied ${said.times} times`;
    case "no-trend":
      return "no trend";
    case "too-little":
      return `too little data: ${said.days.toFixed(1)} days`;
  }
}

function curves({ series }: Resource, name: Resource["name"]): Evidence[] {
  const shown = series.filter(({ points, limit }) => points !== undefined && limit > 0);
  if (shown.length === 0) return [];
  return [
    {
      kind: "series",
      title: `Used share (${name})`,
      unit: "ratio",
      threshold: 1,
      series: shown.map(({ name: of, points = [], limit }) => ({
        name: of,
        points: points.map(([at, used]): [number, number | null] => [
          at,
          used === null ? null : used / limit,
        ]),
      })),
    },
  ];
}
