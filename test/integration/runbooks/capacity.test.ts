import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capacity } from "../../../runbooks/prometheus/capacity.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import type { Trends } from "../../../src/connectors/prometheus/trends.ts";
import { type PastSeries, startPrometheus, whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";

const DAY = 86_400;
const DAYS = 28;
const GIB = 1_073_741_824;
const noise = (day: number): number => Math.sin(day * 991.7) * 0.2;

/** A machine of its own for every situation: the connection's labels choose it. */
const machine = (job: string) => {
  const labels = { job, instance: `${job}-1:9100` };
  return {
    disk: (
      mountpoint: string,
      used: (day: number) => number | undefined,
      size: (day: number) => number = () => 100,
      fstype = "ext4",
    ): PastSeries[] => {
      const of = { ...labels, mountpoint, fstype, device: `/dev/${mountpoint.length}` };
      return [
        { name: "node_filesystem_size_bytes", labels: of, value: (s) => size(s / DAY) * GIB },
        {
          name: "node_filesystem_avail_bytes",
          labels: of,
          value: (s) => {
            const taken = used(s / DAY);
            return taken === undefined ? undefined : (size(s / DAY) - taken) * GIB;
          },
        },
      ];
    },
    inodes: (mountpoint: string, used: (day: number) => number): PastSeries[] => {
      const of = { ...labels, mountpoint, fstype: "ext4", device: "/dev/i" };
      return [
        { name: "node_filesystem_files", labels: of, value: () => 1_000_000 },
        { name: "node_filesystem_files_free", labels: of, value: (s) => 1_000_000 - used(s / DAY) },
      ];
    },
    /** ZFS holds so many GiB in its cache, of which it keeps one. */
    cache: (held: (day: number) => number): PastSeries[] => [
      { name: "node_zfs_arc_size", labels, value: (s) => held(s / DAY) * GIB },
      { name: "node_zfs_arc_c_min", labels, value: () => GIB },
    ],
    readOnly: (mountpoint: string): PastSeries => ({
      name: "node_filesystem_readonly",
      labels: { ...labels, mountpoint, fstype: "ext4", device: `/dev/${mountpoint.length}` },
      value: () => 1,
    }),
    memory: (used: (day: number) => number): PastSeries[] => [
      { name: "node_memory_MemTotal_bytes", labels, value: () => 16 * GIB },
      { name: "node_memory_MemAvailable_bytes", labels, value: (s) => (16 - used(s / DAY)) * GIB },
    ],
    connections: (used: (day: number) => number): PastSeries[] => [
      { name: "pg_settings_max_connections", labels, value: () => 100 },
      ...["active", "idle"].map((state) => ({
        name: "pg_stat_activity_count",
        labels: { ...labels, state },
        value: (s: number) => used(s / DAY) / 2,
      })),
    ],
  };
};
const flat = (level: number) => (day: number) => level + noise(day);
const [grows, healthy, tooth, bigger, young, field] = [
  ...["grows", "healthy", "tooth", "bigger", "young", "field"],
].map(machine) as [
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
  ReturnType<typeof machine>,
];

describe.skipIf(whyNoPrometheus() !== undefined)("with a real Prometheus", () => {
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  beforeAll(async () => {
    server = await startPrometheus(
      [
        ...grows.disk("/var", (day) => 60 + day + noise(day)),
        ...grows.disk("/", flat(40)),
        ...grows.disk("/run", flat(99), () => 100, "tmpfs"),
        ...grows.memory((day) => 6 + 0.3 * day + Math.sin(day * 2 * Math.PI)),
        ...grows.connections((day) => 45 + day),
        ...healthy.disk("/", flat(80)),
        ...healthy.memory((day) => 8 + 3 * Math.sin(day * 2 * Math.PI)),
        ...tooth.disk("/backup", (day) => 50 + 10 * (day % 3)),
        ...tooth.memory(flat(4)),
        ...bigger.disk(
          "/data",
          (day) => (day > 12 && day < 13 ? undefined : 70 + day),
          (day) => (day < 14 ? 90 : 200),
        ),
        // ZFS takes it for its cache, and gives it back.
        ...bigger.memory((day) => 4 + 0.4 * day),
        ...bigger.cache((day) => 1 + 0.4 * day),
        ...field.disk("/import", (day) => 40 + noise(day) + Math.max(0, (day - DAYS) * 24 + 6) * 8),
        ...field.disk("/filled", flat(99)),
        ...field.disk("/image0", flat(100)),
        field.readOnly("/image0"),
        ...field.disk("/gone-now", (day) => (day > DAYS - 2 ? undefined : 50 + day)),
        ...field.inodes("/mail", (day) => 600_000 + 10_000 * day),
        ...young.disk("/new", (day) => (day < DAYS - 3 ? undefined : 20 * (day - DAYS + 3))),
      ],
      {},
      ["--storage.tsdb.retention.time=90d"],
      undefined,
      { seconds: DAYS * DAY, step: 1_800 },
    );
  });
  afterAll(() => server?.stop());

  type Alert = { labels: Record<string, string>; annotations: Record<string, string> };
  const diagnose = async (job: string, params: Record<string, unknown> = {}, alert?: Alert) => {
    const bench = openBench({
      ...(alert === undefined ? {} : { alert }),
      connections: { metrics: { kind: "prometheus", url: server.url, labels: { job } } },
      connectors: [prometheusConnector],
    });
    try {
      return await bench.diagnose(capacity, params);
    } finally {
      await bench.close();
    }
  };
  const trends = ({ seen }: Awaited<ReturnType<typeof diagnose>>) => (seen.trends as { value: Trends }).value;

  test("what grows is said with its days, the other disk beside it is not", async () => {
    const diagnosis = await diagnose("grows");
    expect(diagnosis.findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      "disk-fills warning",
      "memory-fills warning",
      "connections-fills info",
    ]);
    expect(diagnosis.finding("disk-fills").title).toMatch(
      /^disk \/var on grows-1:9100 is full in (about 12|1[0-2] to 1[2-4]) days, if it goes on so$/,
    );
    expect(diagnosis.finding("disk-fills").because).toMatch(
      /It grows by (1\.0 GiB|10\d\d MiB) a day, over 2[78] days/,
    );
    expect(diagnosis.finding("memory-fills").because).toContain("the soonest is at the day's high");
    expect(diagnosis.finding("connections-fills").title).toContain("are used up in");
    const shown = diagnosis.finding("disk-fills").evidence.find(({ kind }) => kind === "series");
    expect(JSON.stringify(shown)).toContain("/var on grows-1:9100");
    expect(JSON.stringify(trends(diagnosis))).not.toContain("/run");
  });

  test("healthy twin: full but still, and a daily rhythm without a trend", async () => {
    const diagnosis = await diagnose("healthy");
    expect(diagnosis.findings).toEqual([]);
    expect(trends(diagnosis).resources.map(({ series }) => series[0]?.forecast.state)).toEqual([
      "no-trend",
      "no-trend",
    ]);
    expect(trends(diagnosis).notSeen).toBeUndefined();
  });

  test("what is emptied again and again is held down", async () => {
    const diagnosis = await diagnose("tooth");
    expect(diagnosis.findings).toEqual([]);
    expect(trends(diagnosis).resources[0]?.series[0]?.forecast).toMatchObject({ state: "held-down" });
  });

  test("after a larger disk only what came since counts, gaps and all", async () => {
    const diagnosis = await diagnose("bigger", { horizonDays: 180 });
    expect(diagnosis.finding("disk-fills")).toMatchObject({ severity: "info" });
    expect(diagnosis.finding("disk-fills").because).toMatch(
      /Only the 1[34] days since its size changed count\./,
    );
    expect((await diagnose("bigger")).findings).toEqual([]);
  });

  test("hours, inodes, what is full and stays so; a cache, an image and a machine that is gone are none", async () => {
    const diagnosis = await diagnose("field");
    expect(diagnosis.findings.map(({ id, severity }) => `${id} ${severity}`)).toEqual([
      "disk-fills critical",
      "inodes-fills warning",
      "disk-full warning",
      "could-not-look info",
    ]);
    expect(diagnosis.finding("disk-fills").title).toMatch(
      /^disk \/import on field-1:9100 is full in (about )?[\d a-z]+ hours?, if it goes on so$/,
    );
    expect(diagnosis.finding("disk-fills").because).toContain("to more than ever in the days before");
    expect(diagnosis.finding("inodes-fills").title).toMatch(
      /^the inodes of \/mail on field-1:9100 are used up in/,
    );
    expect(diagnosis.finding("disk-full").title).toBe("disk /filled on field-1:9100 is full already: 99 %");
    expect(JSON.stringify(trends(diagnosis))).not.toMatch(/image0|gone-now/);
  });

  test("an alert is about its own machine and file system, and is answered where nothing fills", async () => {
    const alert = { labels: {}, annotations: {} };
    const still = await diagnose("grows", { mountpoint: "/", instance: "grows-1:9100" }, alert);
    expect(still.findings.map(({ id }) => id)).toEqual(["no-trend-of-alert"]);
    expect(still.finding("no-trend-of-alert").title).toMatch(/: disk \/ on grows-1:9100 40 % used$/);
    const fills = await diagnose("grows", { mountpoint: "/var" }, alert);
    expect(fills.findings.map(({ id }) => id)).toEqual(["disk-fills"]);
    const elsewhere = await diagnose("grows", { mountpoint: "/data", instance: "web7:9100" }, alert);
    expect(elsewhere.finding("could-not-look").because).toContain(
      'of the last day with the labels of the connection and instance="web7:9100", mountpoint="/data"',
    );
  });

  test("a Prometheus that is away is said, and nothing is called well", async () => {
    const bench = openBench({
      connections: { metrics: { kind: "prometheus", url: "http://127.0.0.1:9" } },
      connectors: [prometheusConnector],
    });
    const { findings } = await bench.diagnose(capacity).finally(bench.close);
    expect(findings.map(({ severity }) => severity)).toContain("critical");
  });

  test("too few days, and machines nobody measures, are said not to be looked at", async () => {
    const { notSeen } = trends(await diagnose("young"));
    expect(notSeen?.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      expect.stringMatching(/^how disk grows: there are [23]\.\d days of it/),
      "how memory grows: there is no series node_memory_MemAvailable_bytes of the last day with the labels of the connection",
    ]);
    expect(trends(await diagnose("nobody")).notSeen).toHaveLength(2);
  });
});
