import { describe, expect, it } from "vitest";
import { problemsOf } from "../../../runbooks/systemd/problems.ts";
import type { Logs, Unit, Units } from "../../../runbooks/systemd/unit.ts";
import { unitOf } from "../../../src/connectors/systemd/unit-of.ts";

const unit = (more: Partial<Unit>): Unit => ({
  ...unitOf(new Map(), 0),
  ...{ name: "api.service", load: "loaded", active: "failed", sub: "failed", file: "enabled" },
  ...{ type: "simple", result: "exit-code", mainCode: 1, mainStatus: 1, invocation: "i", changedAgo: 30 },
  ...more,
});
const seenOf = (one: Unit): Units => ({
  ...{
    now: 10_000,
    uptimeSeconds: 9_999,
    machine: "degraded",
    units: [one],
    failedOthers: [],
    matchNothing: [],
  },
});
/** `+…`: by systemd; anything else: by the program. */
const logOf = (name: string, words: readonly string[]): Logs => ({
  logs: [
    {
      unit: name,
      jobResult: "",
      lines: words.map((message) => ({
        ...{ at: 9_990, priority: 6, invocation: "i", tells: "" as const },
        message: message.replace(/^\+/, ""),
        bySystemd: message.startsWith("+"),
      })),
    },
  ],
  asked: [],
});
const failure = (more: Partial<Unit>, words: readonly string[] = []) => {
  const one = unit(more);
  const [found] = problemsOf({ units: seenOf(one), logs: logOf(one.name, words) }, undefined);
  if (found === undefined) throw new Error("nothing found");
  return found;
};
const SPAWN = "+api.service: Failed at step EXEC spawning /opt/api/run: ";

describe("what systemd says beside a result tells which of its causes it was", () => {
  it.each<readonly [words: string, title: RegExp, key: string, more: Partial<Unit>]>([
    [`${SPAWN}No such file or directory`, /not there \(203/, "fixUnit", { mainStatus: 203 }],
    [`${SPAWN}Permission denied`, /may not be executed \(203/, "fixUnit", { mainStatus: 203 }],
    [
      "+api.service: Failed to set up mount namespacing: /var/lib/app: No such file or directory",
      /private view of the file system/,
      "fixUnit",
      { mainStatus: 226 },
    ],
    [`${SPAWN}Exec format error`, /not one this machine can execute/, "fixUnit", { mainStatus: 203 }],
    [
      "+api.service: Failed to set up special execution directory in /var/log: No space left on device",
      /no space/,
      "freeDisk",
      { mainStatus: 240 },
    ],
    [
      "+api.service: Failed to set up standard output: Read-only file system",
      /read-only/,
      "fixCrash",
      { mainStatus: 209 },
    ],
    [
      "+api.service: Can't open PID file /run/api.pid (yet?) after start: No such file or directory",
      /PID file did not come/,
      "fixUnit",
      { result: "timeout", type: "forking", neverUp: true },
    ],
    [
      "+api.service: Got notification message from PID 123, but reception only permitted for main PID 100",
      /another process of it says/,
      "fixUnit",
      { result: "timeout", type: "notify", neverUp: true },
    ],
    [
      "+api.service: Service reached runtime time limit. Stopping.",
      /time limit \(RuntimeMaxSec\)/,
      "fixUnit",
      { result: "timeout", mainCode: 2, mainStatus: 15 },
    ],
    [
      "+api.service: systemd-oomd killed 23 process(es) in this unit.",
      /systemd-oomd/,
      "memory",
      { result: "oom-kill", mainCode: 2, mainStatus: 9 },
    ],
    [
      "+api.service: Failed to load environment files: No such file or directory",
      /file of environment/,
      "fixUnit",
      { result: "resources", mainCode: 0 },
    ],
    [
      "+api.socket: Failed to create listening socket (0.0.0.0:80): Address already in use",
      /is taken/,
      "freePort",
      { name: "api.socket", type: "", result: "resources", mainCode: 0 },
    ],
    [
      "mount.nfs: Connection timed out",
      /file server does not answer/,
      "repairDependency",
      { name: "srv.mount", type: "", mainStatus: 32 },
    ],
    [
      "mount: /srv: special device /dev/sdb1 does not exist.",
      /what it mounts is not there/,
      "fixUnit",
      { name: "srv.mount", type: "", mainStatus: 32 },
    ],
    [
      "mount.nfs: access denied by server while mounting nas:/x",
      /refuses it/,
      "repairDependency",
      { name: "srv.mount", type: "", mainStatus: 32 },
    ],
  ])("%s", (words, title, key, more) => {
    const found = failure(more, [words]);
    expect(found.title).toMatch(title);
    expect(found.advice).toMatchObject([{ key }]);
    if (more.name !== undefined) expect(found.because).not.toContain("Restart=");
  });

  it("what is said in healthy starts, too, is no cause of a unit that came up", () => {
    const words =
      "+api.service: Can't open PID file /run/api.pid (yet?) after start: No such file or directory";
    expect(failure({ type: "forking", neverUp: false }, [words]).title).not.toContain("PID file");
  });

  it("a run of another unit, or of before, says nothing of this one", () => {
    const one = unit({ mainStatus: 203, invocation: "j" });
    const [found] = problemsOf(
      { units: seenOf(one), logs: logOf("api.service", [`${SPAWN}Exec format error`]) },
      undefined,
    );
    expect(found?.title).toContain("its program cannot be started (203/EXEC)");
  });
});

describe("a program that ended well has reported no error", () => {
  it("started too often", () => {
    const found = failure({
      result: "start-limit-hit",
      mainStatus: 0,
      startLimit: { burst: 5, seconds: 10 },
    });
    expect(found.title).toContain("ended at once, without an error");
    expect(found.because).not.toMatch(/reported an error|every one failed/);
    expect(found.acts).toEqual([]);
  });
  it("the command after it failed, which is no reason to keep it down", () => {
    const failedCommands = [{ of: "ExecStop", path: "/usr/bin/apictl", ended: "exited", status: "1" }];
    const found = failure({ mainStatus: 0, failedCommands });
    expect(found.title).toContain("its ExecStop fails");
    expect(found.acts).toEqual(["start"]);
  });
  it("the command beside its start failed, which ended it", () => {
    const failedCommands = [{ of: "ExecStartPost", path: "/usr/bin/curl", ended: "exited", status: "7" }];
    const found = failure({ mainCode: 2, mainStatus: 15, neverUp: true, failedCommands });
    expect(found.title).toContain("its ExecStartPost fails");
    // Decoy: the same command failed at an earlier start; now it was up, and somebody sent the signal.
    expect(failure({ mainCode: 2, mainStatus: 15, neverUp: false, failedCommands }).title).toContain(
      "SIGTERM",
    );
  });
  it("a socket that gave up names what it starts", () => {
    const found = failure({
      name: "api.socket",
      result: "service-start-limit-hit",
      mainCode: 0,
      triggers: ["api.service"],
    });
    expect(found.title).toContain("api.service was started too often");
    expect(found.acts).toEqual([]);
  });
});

it.each([
  [31, /SystemCallFilter/, "fixUnit", []],
  [25, /LimitFSIZE/, "fixCrash", []],
  [24, /LimitCPU/, "fixCrash", []],
  [13, /pipe/, "fixCrash", ["start"]],
  [15, /Somebody sent it SIGTERM/, "fixCrash", ["start"]],
  [11, /error of the program/, "fixCrash", []],
])("signal %i is the kernel's, somebody's or its own", (mainStatus, because, key, acts) => {
  const found = failure({ result: "signal", mainCode: 2, mainStatus });
  expect(found.because).toMatch(because);
  expect(found.advice).toMatchObject([{ key }]);
  expect(found.acts).toEqual(acts);
  if (mainStatus !== 15) expect(found.because).not.toContain("Somebody sent");
});

it("a device is not started", () => {
  const one = unit({ name: "dev-sdb1.device", active: "inactive", sub: "dead", result: "", mainCode: 0 });
  const [found] = problemsOf({ units: seenOf(one) }, "dev-sdb1.device");
  expect(found).toMatchObject({ kind: "no-device", acts: [] });
  expect(problemsOf({ units: seenOf(one) }, undefined)).toEqual([]);
});

it("what systemd wrote of a program it could not start is proof; only without it the program may have ended so", () => {
  const line = "+api.service: Failed to set up mount namespacing: /var/lib/app: No such file or directory";
  expect(failure({ mainStatus: 226 }, [line]).because).toContain("/var/lib/app: No such file");
  expect(failure({ mainStatus: 226 }, [line]).because).not.toContain("to tell them apart");
  expect(failure({ mainStatus: 226 }, []).because).toContain("to tell them apart");
});

it.each([
  ["notify", "listening on :8080", /never tells systemd that it is ready/, "Type=exec"],
  ["forking", "Server started on 8080", /does not go into the background/, "Type=exec"],
])("a service of Type=%s that serves when its time is over was not too slow", (type, line, title, advice) => {
  const timed = { result: "timeout", type, neverUp: true, mainCode: 2, mainStatus: 15, startTimeout: 90 };
  const found = failure(timed, [line]);
  expect(found.title).toMatch(title);
  expect(found.advice[0]?.text).toContain(advice);
  expect(failure(timed, ["loading the index"]).title).not.toMatch(title);
});
