import { describe, expect, it } from "vitest";
import { portOf } from "../../../../runbooks/docker/refusals.ts";
import { classify } from "../../../../src/connectors/docker/classify.ts";
import { spaceOf } from "../../../../src/connectors/docker/disk.ts";
import { forgotten } from "../../../../src/connectors/docker/events.ts";
import { dependenciesIn } from "../../../../src/connectors/docker/labels.ts";
import { demultiplex, sinceStart } from "../../../../src/connectors/docker/logs.ts";
import { reachesBack } from "../../../../src/connectors/docker/search.ts";
import { Inspect } from "../../../../src/connectors/docker/shapes.ts";
import { driftOf } from "../../../../src/connectors/docker/situation.ts";
import { usageOf } from "../../../../src/connectors/docker/stats.ts";

import { inTurns } from "../../../../src/lib/in-turns.ts";

const frame = (text: string) => {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

it("demultiplex takes the frame heads out, also of a log that was cut", () => {
  const whole = Buffer.concat([frame("one\n"), frame("zwölf\n")]);
  expect(demultiplex(whole)).toBe("one\nzwölf\n");
  expect(demultiplex(whole.subarray(0, whole.length - 3))).toContain("one\n");
  expect(demultiplex(whole.subarray(0, 15))).toBe("one\n");
});

describe("usageOf", () => {
  const cpus = {
    cpu_stats: {
      ...{ cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 4 },
      throttling_data: { periods: 1010, throttled_periods: 508 },
    },
    precpu_stats: {
      ...{ cpu_usage: { total_usage: 100 }, system_cpu_usage: 1000 },
      throttling_data: { periods: 1000, throttled_periods: 500 },
    },
  };
  const none = { memory_stats: {} };
  const v2 = { usage: 100, limit: 1000, stats: { anon: 10, shmem: 5, inactive_file: 40, active_file: 30 } };

  it("leaves out file cache, active or not; the parts add up to what is charged", () => {
    expect(usageOf({ memory_stats: v2 }, 0)).toMatchObject({
      memory: 30,
      parts: { programs: 10, shared: 5, kernel: 15, cache: 70 },
      ...{ memoryLimit: 1000, limited: false },
    });
    // cgroup v1: names of its own, and sums over what is below the group.
    const v1 = { total_rss: 10, rss: 1, total_shmem: 5, total_inactive_file: 40, total_active_file: 30 };
    expect(usageOf({ memory_stats: { usage: 100, limit: 1000, stats: v1 } }, 500)).toMatchObject({
      ...{ memory: 30, memoryLimit: 500, limited: true },
    });
  });

  it("does not know what the engine does not tell apart", () => {
    expect(usageOf({ memory_stats: { usage: 100, limit: 1000 } }, 0)).toMatchObject({
      memory: null,
      parts: null,
    });
  });

  it("needs two samples for CPU, and says what was held back between them", () => {
    expect(usageOf({ ...none, ...cpus }, 0)).toMatchObject({ cpus: 0.8, throttled: 0.8 });
    const first = { ...none, ...cpus, precpu_stats: { cpu_usage: { total_usage: 0 } } };
    expect(usageOf(first, 0)).toMatchObject({ cpus: null, throttled: null });
  });
});

it("sinceStart tells the last run's lines from those before", () => {
  const text = [
    "2026-01-01T00:00:00.000000001Z old",
    "2026-01-01T00:00:08.711155409Z older",
    "2026-01-01T00:00:10.5Z new",
    "goes on",
  ].join("\n");
  expect(sinceStart(text, "2026-01-01T00:00:10Z")).toEqual({
    lines: ["old", "older", "new", "goes on"],
    ofLastRun: 2,
  });
  expect(sinceStart("2026-01-01T00:00:09.9Z fatal", "2026-01-01T00:00:10Z").ofLastRun).toBe(1);
  expect(sinceStart("no stamp", "0001-01-01T00:00:00Z")).toEqual({ lines: ["no stamp"], ofLastRun: 0 });
});

it("dependenciesIn reads what compose writes", () => {
  expect(dependenciesIn("db:service_healthy:false,cache:service_started:true")).toEqual([
    { service: "db", condition: "service_healthy" },
    { service: "cache", condition: "service_started" },
  ]);
  expect(dependenciesIn("db,cache")).toMatchObject([{ condition: "service_started" }, { service: "cache" }]);
  expect(dependenciesIn("")).toEqual([]);
});

it("forgotten: only what matters and is older than the oldest event", () => {
  const of = [
    { name: "api", since: "2026-01-01T00:00:00Z" },
    { name: "db", since: "2026-01-01T02:00:00Z" },
  ];
  expect(forgotten(of, null)).toEqual({});
  const { notSeen } = forgotten(of, Date.parse("2026-01-01T01:00:00Z") / 1000);
  expect(notSeen).toMatchObject([{ what: "what happened to api before 01:00:00 UTC" }]);
});

describe("classify", () => {
  const never = new AbortController().signal;
  it.each([
    [{ code: "ECONNREFUSED" }, "target_unreachable", "ECONNREFUSED"],
    [{ code: "EACCES" }, "target_auth", "EACCES"],
    [{ code: "ECONNRESET" }, "target_error", "ECONNRESET"],
    [{ statusCode: 409, message: "conflict" }, "target_refused", "409"],
    [{ statusCode: 500, message: "boom" }, "target_error", "500"],
  ])("%o", (error, code, detail) => {
    expect(classify(error, never, "/s")).toMatchObject({ code, detail });
  });
  it("tells a time limit from being stopped", () => {
    const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect(classify(new Error("x"), late, "/s").code).toBe("timeout");
    expect(classify(new Error("x"), AbortSignal.abort(), "/s").code).toBe("aborted");
  });
});

it("driftOf: what is gone needs nothing more, anything else that moved voids", () => {
  const then = { id: "a", state: "running", startedAt: "1" };
  expect(driftOf(then, then)).toEqual([]);
  expect(driftOf(then, { gone: true })).toEqual([]);
  expect(driftOf({ gone: true }, then)).toEqual(["the container is there again"]);
  expect(driftOf(then, { ...then, id: "b" })).toEqual(["the container was recreated"]);
  expect(driftOf(then, { ...then, state: "exited" })).toEqual(["state: running -> exited"]);
  expect(driftOf(null, then)).toHaveLength(1);
});

it("inTurns keeps the order and its width", async () => {
  let busy = 0;
  let most = 0;
  const results = await inTurns([3, 1, 2, 5], 2, async (n) => {
    busy += 1;
    most = Math.max(most, busy);
    await Promise.resolve();
    busy -= 1;
    return n * 10;
  });
  expect(results).toEqual([30, 10, 20, 50]);
  expect(most).toBe(2);
});

it("portOf reads the engine's refusals", () => {
  expect(portOf("driver failed …: Bind for 0.0.0.0:18080 failed: port is already allocated")).toBe(18080);
  expect(portOf("listen tcp4 127.0.0.1:8000: bind: address already in use")).toBe(8000);
  expect(portOf("listen tcp6 [::1]:8001: bind: address already in use")).toBe(8001);
  expect(portOf('exec: "x": executable file not found in $PATH')).toBeUndefined();
});

it("spaceOf adds up what can be made anew apart from data", () => {
  const usage = (Size: number, RefCount: number) => ({ UsageData: { Size, RefCount } });
  expect(
    spaceOf({
      LayersSize: 90,
      Images: [
        { Size: 50, SharedSize: 10, Containers: 0 },
        { Size: 60, SharedSize: 10, Containers: 1 },
        // Not counted by the engine (-1): all of it is taken to be its own.
        { Size: 5, SharedSize: -1, Containers: -1 },
      ],
      Containers: [{ SizeRw: 7 }],
      Volumes: [usage(30, 1), usage(20, 0), usage(-1, -1), {}],
      BuildCache: [
        { Size: 8, InUse: false, Shared: false },
        { Size: 9, InUse: true, Shared: false },
      ],
    }),
  ).toEqual({ images: 90, unusedImages: 45, buildCache: 8, layers: 7, volumes: 50, unusedVolumes: 20 });
});

it.each<readonly [string, string, Record<string, string>, boolean | undefined]>([
  ["made since", "json-file", {}, false],
  ["made before, never rotated", "json-file", {}, true],
  ["made before, rotated", "json-file", { "max-size": "10m" }, undefined],
  ["made before, a driver that always rotates", "local", {}, undefined],
])("how far back the log of a container goes: %s", (name, Type, Config, wanted) => {
  const made = name === "made since" ? "2026-11-30T12:00:00Z" : "2026-11-30T10:00:00Z";
  const of = { Created: made, HostConfig: Inspect.shape.HostConfig.parse({ LogConfig: { Type, Config } }) };
  expect(reachesBack(of, Date.UTC(2026, 10, 30, 11) / 1000)).toBe(wanted);
});
