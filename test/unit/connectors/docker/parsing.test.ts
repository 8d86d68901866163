import { describe, expect, it } from "vitest";
import { exitWords, portOf } from "../../../../runbooks/docker/problems.ts";
import { classify } from "../../../../src/connectors/docker/classify.ts";
import { inTurns } from "../../../../src/connectors/docker/containers.ts";
import { demultiplex } from "../../../../src/connectors/docker/logs.ts";
import { driftOf } from "../../../../src/connectors/docker/situation.ts";
import { usageOf } from "../../../../src/connectors/docker/stats.ts";

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

it("usageOf leaves out page cache and needs two samples for CPU", () => {
  const sample = {
    memory_stats: { usage: 100, limit: 1000, stats: { inactive_file: 40 } },
    cpu_stats: { cpu_usage: { total_usage: 300 }, system_cpu_usage: 2000, online_cpus: 4 },
    precpu_stats: { cpu_usage: { total_usage: 100 }, system_cpu_usage: 1000 },
  };
  expect(usageOf(sample, 0)).toEqual({
    memory: 60,
    memoryLimit: 1000,
    limited: false,
    cpus: 0.8,
    processes: null,
  });
  const first = { ...sample, precpu_stats: { cpu_usage: { total_usage: 0 } } };
  expect(usageOf(first, 500)).toMatchObject({ memoryLimit: 500, limited: true, cpus: null });
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

it("exitWords explains signals", () => {
  expect(exitWords(139)).toContain("segmentation");
  expect(exitWords(131)).toBe("signal 3 ended it");
  expect(exitWords(7)).toBe("its program reported an error");
});
