import { expect, it } from "vitest";
import { LINES } from "../../../runbooks/last-lines/lines.ts";
import { WORDS } from "../../../runbooks/systemd/line-words.ts";
import { notices, problemsOf } from "../../../runbooks/systemd/problems.ts";
import { STATUSES } from "../../../runbooks/systemd/statuses.ts";
import type { Logs, Unit, Units, Uses } from "../../../runbooks/systemd/unit.ts";
import { unitFailure } from "../../../runbooks/systemd/unit-failure.ts";
import { unitOf } from "../../../src/connectors/systemd/unit-of.ts";

const unit = (more: Partial<Unit>): Unit => ({
  ...unitOf(new Map(), 0),
  ...{
    name: "api.service",
    load: "loaded",
    active: "active",
    sub: "running",
    file: "enabled",
    type: "simple",
  },
  ...{ result: "success", invocation: "i2", activeAgo: 9_000, changedAgo: 9_000, restart: "no" },
  ...more,
});
const seenOf = (...all: Unit[]): Units => ({
  ...{
    now: 10_000,
    uptimeSeconds: 9_999,
    machine: "running",
    units: all,
    failedOthers: [],
    matchNothing: [],
  },
});
const logOf = (...lines: Partial<Logs["logs"][number]["lines"][number]>[]): Logs => ({
  logs: [
    {
      unit: "api.service",
      jobResult: "",
      lines: lines.map((line) => ({
        at: 9_990,
        priority: 6,
        message: "",
        bySystemd: false,
        invocation: "i2",
        tells: "",
        ...line,
      })),
    },
  ],
  asked: [],
});
const ids = (one: Unit, asked?: string, logs?: Logs) =>
  [...problemsOf({ units: seenOf(one), logs }, asked), ...notices({ units: seenOf(one) }, asked)].map(
    ({ kind }) => kind,
  );

it.each<readonly [string, Partial<Unit>, readonly string[]]>([
  ["runs", {}, []],
  ["has done its work", { type: "oneshot", active: "inactive", endedAgo: 5 }, []],
  [
    "a oneshot at work for long",
    { type: "oneshot", active: "activating", sub: "start", startedAgo: 9_000 },
    [],
  ],
  ["waits for its timer", { active: "inactive", triggeredBy: ["api.timer"], endedAgo: null }, []],
  ["its condition does not hold", { active: "inactive", conditionHolds: false }, []],
  ["was stopped", { active: "inactive", endedAgo: 50, wasAsked: true }, []],
  ["is masked", { load: "masked", active: "inactive" }, []],
  ["is starting", { active: "activating", sub: "start", startedAgo: 20 }, []],
  ["restarted long ago", { restarts: 7 }, []],
  ["disabled, and another unit asks for it", { file: "disabled", wantedBy: ["shop.target"] }, []],
  [
    "a timer that waits",
    { name: "a.timer", sub: "waiting", timer: { last: 1, next: 99_999, nextMonotonic: false } },
    [],
  ],
  ["restarted now and again", { restarts: 7, activeAgo: 30 }, ["restarted-often"]],
  [
    "starting without end",
    { active: "activating", sub: "start", startedAgo: 900, startTimeout: null },
    ["starting"],
  ],
  [
    "a timer that will not fire again",
    { name: "a.timer", sub: "elapsed", timer: { last: 1, next: null, nextMonotonic: false } },
    ["timer-over"],
  ],
  [
    "a timer whose time is over",
    { name: "a.timer", sub: "waiting", timer: { last: 1, next: 100, nextMonotonic: false } },
    ["timer-missed"],
  ],
  ["a socket that turns away", { name: "a.socket", sub: "listening", refused: 3 }, ["socket-refused"]],
  ["an assertion does not hold", { active: "inactive", assertionHolds: false }, ["assertion"]],
])("%s", (_what, more, kinds) => expect(ids(unit(more))).toEqual(kinds));

it("asked for, what is down is said, and how it came to be so", () => {
  expect(ids(unit({ active: "inactive", endedAgo: 50, wasAsked: true }), "api")).toEqual(["stopped"]);
  expect(ids(unit({ active: "inactive", endedAgo: 50, wasAsked: false }), "api")).toEqual(["ended"]);
  expect(ids(unit({ active: "inactive" }), "api")).toEqual(["never-started"]);
  expect(ids(unit({ active: "inactive", conditionHolds: false }), "api")).toEqual(["condition"]);
  expect(ids(unit({ load: "masked", active: "inactive" }), "api")).toEqual(["masked"]);
  expect(ids(unit({ file: "disabled" }), "api")).toEqual(["not-enabled"]);
  // systemd forgets a unit nobody needs; the journal knows of its start and of who ended it.
  const forgotten = unit({ active: "inactive", invocation: "" });
  expect(
    ids(
      forgotten,
      "api",
      logOf({ bySystemd: true, tells: "started" }, { bySystemd: true, tells: "stopping" }),
    ),
  ).toEqual(["stopped"]);
  expect(ids(forgotten, "api", logOf({ bySystemd: true, tells: "started" }))).toEqual(["ended"]);
});

it("a line of the run before is no cause of this end", () => {
  const failed = unit({ active: "failed", result: "exit-code", mainCode: 1, mainStatus: 1 });
  const [problem] = problemsOf(
    {
      units: seenOf(failed),
      logs: logOf({ invocation: "i1", message: "ENOSPC: no space left on device" }, { message: "bye" }),
    },
    undefined,
  );
  expect(problem?.title).toContain("exit code 1");
  expect(problem?.because).toContain("It wrote last: bye");
});

it("killed at its own limit: the limit is raised by half and it is started; without one, never", () => {
  const killed = (max: number | null) =>
    problemsOf(
      {
        units: seenOf(
          unit({
            active: "failed",
            result: "oom-kill",
            mainCode: 2,
            mainStatus: 9,
            memory: { now: null, max },
          }),
        ),
      },
      undefined,
    )[0];
  expect(killed(104_857_600)?.title).toContain("killed at its limit of memory (MemoryMax 100 MiB)");
  expect(killed(104_857_600)?.acts).toEqual(["raiseMemory", "start"]);
  expect(killed(null)?.acts).toEqual(["start"]);
});

it("near a limit: tasks, memory without the page cache, open files; a full page cache is no use", () => {
  const near = (one: Partial<Unit>, use: Partial<Uses["units"][number]> = {}) =>
    notices(
      {
        units: seenOf(unit(one)),
        use: {
          units: [
            {
              unit: "api.service",
              memory: null,
              memoryMax: null,
              killed: null,
              openFiles: null,
              openFilesMax: null,
              ...use,
            },
          ],
        },
      },
      undefined,
    ).map(({ kind, acts }) => [kind, ...acts]);
  expect(near({ memory: { now: 100, max: 100 } })).toEqual([]);
  expect(near({ memory: { now: 100, max: 100 } }, { memory: 40, memoryMax: 100 })).toEqual([]);
  expect(near({}, { memory: 95, memoryMax: 100 })).toEqual([["near-memory", "raiseMemory", "restart"]]);
  // At MemoryHigh it is slowed down, not ended: nothing diagbot may do raises that.
  expect(near({ memoryHigh: 100 }, { memory: 96 })).toEqual([["memory-high"]]);
  expect(near({ memoryHigh: 100 }, { memory: 90 })).toEqual([]);
  expect(near({ memoryHigh: null }, { memory: 96 })).toEqual([]);
  expect(near({ tasks: { now: 95, max: 100 } })).toEqual([["near-tasks", "raiseTasks", "restart"]]);
  expect(near({}, { openFiles: 1_000, openFilesMax: 1_024 })).toEqual([
    ["near-open-files", "raiseOpenFiles", "restart"],
  ]);
});

it("a label names the unit; a service that is no unit's name does not", () => {
  const from = (labels: Record<string, string>) => unitFailure.fromAlert?.(labels);
  expect(from({ name: "nginx.service", state: "failed" })).toEqual({ unit: "nginx.service" });
  expect(from({ service: "checkout" })).toEqual({});
  expect(from({ unit: "api" })).toEqual({ unit: "api" });
});

it("every code of systemd's own is between 200 and 244", () => {
  const codes = Object.keys(STATUSES).map(Number);
  expect(codes.every((code) => code >= 200 && code <= 244)).toBe(true);
  expect(STATUSES[203]?.[0]).toBe("EXEC");
});

it("rows whose words are about containers have words for units, and none is for a row that is gone", () => {
  const shorts = new Set(LINES.map(({ short }) => short));
  expect(Object.keys(WORDS).filter((short) => !shorts.has(short))).toEqual([]);
  // Only a container has these troubles.
  const own = [
    "its volume is where older images of Postgres keep their data",
    "its supervisor is not the first process of the container",
    "no container of its networks has that name",
    "the engine's name server gets no answer for it",
  ];
  const misleading = LINES.filter(({ because, advice }) =>
    /docker|compose|container|\bimage\b|IMAGE/i.test(`${because} ${advice}`),
  );
  expect(
    misleading
      .map(({ short }) => short)
      .filter((short) => WORDS[short] === undefined && !own.includes(short)),
  ).toEqual([]);
});

const failure = (more: Partial<Unit>, logs?: Logs) => {
  const one = unit({ active: "failed", sub: "failed", result: "exit-code", mainCode: 1, ...more });
  const [found] = problemsOf({ units: seenOf(one), logs }, undefined);
  if (found === undefined) throw new Error("nothing found");
  return found;
};

it("a program that answers a stop with 128 and the signal has not failed; the same code unasked is somebody's signal", () => {
  const stopped = failure({ mainStatus: 143, wasAsked: true });
  expect([stopped.severity, stopped.acts]).toEqual(["warning", ["start"]]);
  expect(stopped.title).toContain("stopped on request, and answers with 143");
  expect(stopped.advice[0]?.text).toContain("SuccessExitStatus=143");
  const sent = failure({ mainStatus: 143, wasAsked: false });
  expect(sent.severity).toBe("critical");
  expect(sent.because).toContain("Somebody sent it SIGTERM");
  // An error that it wrote itself says more than a number, and 1 is no signal.
  expect(failure({ mainStatus: 1, wasAsked: true }).title).toContain("exit code 1");
});

it("a shell passes on how its child ended: killed for memory or by hand, or a crash", () => {
  const killed = failure({ mainStatus: 137, wasAsked: false });
  expect(killed.because).toContain("Either the kernel killed it for memory, or somebody sent SIGKILL");
  expect(killed.because).toContain("exit code 137: 128 and 9");
  expect(killed.advice.map(({ key }) => key)).toEqual(["memory"]);
  expect(failure({ mainStatus: 139, wasAsked: false }).title).toContain("it crashed (SIGSEGV)");
});

it("a stop or a reload that does not come to its end is said; one under way is not", () => {
  const stop = (seconds: number, more: Partial<Unit> = {}) =>
    ids(
      unit({
        active: "deactivating",
        sub: "stop-sigterm",
        leftActiveAgo: seconds,
        changedAgo: seconds,
        ...more,
      }),
    );
  expect(stop(20)).toEqual([]);
  expect(stop(900)).toEqual(["stopping"]);
  const stuck = unit({ active: "deactivating", sub: "stop-sigkill", leftActiveAgo: 900, changedAgo: 300 });
  expect(problemsOf({ units: seenOf(stuck) }, undefined)[0]?.because).toContain("state D");
  expect(ids(unit({ active: "reloading", sub: "reload", changedAgo: 900 }))).toEqual(["reloading"]);
});
