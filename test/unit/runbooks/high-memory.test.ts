import { expect, it } from "vitest";
import { highMemory } from "../../../runbooks/host/high-memory.ts";
import { Thresholds } from "../../../src/core/words/system.ts";

const GIB = 1024 ** 3;
const calm = {
  total: 16 * GIB,
  available: 10 * GIB,
  usedRatio: 0.375,
  swapTotal: 4 * GIB,
  swapUsed: 0,
  swapInRate: 0,
  swapOutRate: 0,
  shared: 0,
  kernel: GIB,
  hugePages: 0,
  pressure: { some: 0, full: 0 },
  oomKills: 0,
  group: null as { limit: number; used: number } | null,
};
const worker = {
  pid: 42,
  startTicks: 7,
  name: "worker",
  command: "worker --all",
  uid: 1000,
  resident: GIB,
  anonymous: GIB,
  swap: 0,
  unit: "worker.service",
  protected: null,
  cpus: 0.1,
};
const context = {
  params: { oomHours: 24 },
  thresholds: Thresholds.parse({}),
  system: { id: "shop", connections: [], contacts: [] },
  now: new Date(0),
};
const ok = (value: unknown) => ({ ok: true as const, value });
const diagnose = (memory: object, kills: object[] = [], process: object = {}) =>
  highMemory.findings(
    {
      memory: ok({ ...calm, ...memory }),
      processes: ok({ byMemory: [{ ...worker, ...process }], byCpu: [] }),
      budgets: ok({ budgets: [] }),
      kills: ok({ sinceBoot: 0, source: "journal", kills }),
    },
    context,
  );

it("is silent where memory is free, whatever swap was used once", () => {
  expect(diagnose({ swapUsed: GIB })).toEqual([]);
});

// What the machine of the tests cannot be brought to without harming it, as /proc would say it.
it.each([
  [
    "one process",
    { available: GIB, usedRatio: 0.94 },
    { anonymous: 12 * GIB },
    /; worker \(pid 42\) holds 12/,
  ],
  [
    "tmpfs",
    { available: GIB, usedRatio: 0.94, shared: 11 * GIB },
    {},
    /, most of it in memory file systems$/,
  ],
  ["the kernel", { available: GIB, usedRatio: 0.94, kernel: 9 * GIB }, {}, /, most of it kernel memory$/],
  ["huge pages", { available: GIB, usedRatio: 0.94, hugePages: 12 * GIB }, {}, /, most of it huge pages$/],
  ["many processes", { available: GIB, usedRatio: 0.94 }, {}, /, spread over many processes$/],
  ["full swap", { swapUsed: 3.9 * GIB }, {}, /^Swap is 9\d % full/],
  [
    "thrashing",
    { swapInRate: 9e6, swapOutRate: 8e6, pressure: { some: 0.6, full: 0.3 } },
    {},
    /waits for memory 30 %/,
  ],
  ["waiting without swap", { swapTotal: 0, pressure: { some: 0.6, full: 0.3 } }, {}, /waits for memory 30 %/],
  [
    "a container's limit",
    { group: { limit: GIB, used: 0.97 * GIB } },
    {},
    /^The control group holds .* 97 % of its limit/,
  ],
] as const)("names %s in the first title", (_what, memory, process, title) => {
  expect(diagnose(memory, [], process)[0]?.title).toMatch(title);
});

it("tells a limit that was reached from a machine that ran out", () => {
  const kill = { at: 0, pid: 9, process: "node", memory: GIB, byLimit: true, group: "/docker/x" };
  expect(diagnose({}, [kill])[0]).toMatchObject({ severity: "warning", remedies: ["raiseLimit"] });
  const whole = diagnose({}, [kill, { ...kill, process: "java", byLimit: false }]);
  expect(whole[0]).toMatchObject({ severity: "critical", remedies: ["addMemory"] });
  expect(whole[0]?.title).toContain("node, java");
});

it("names the program over its budget, not a larger stranger", () => {
  const view = {
    memory: ok(calm),
    processes: ok({ byMemory: [{ ...worker, name: "stranger", pid: 7, anonymous: 4 * GIB }], byCpu: [] }),
    budgets: ok({ budgets: [{ match: "worker", bytes: GIB / 2, processes: [worker] }] }),
    kills: ok({ sinceBoot: 0, source: "journal", kills: [] }),
  };
  const { restartLargest } = highMemory.remedies;
  const advice = restartLargest !== undefined && "advice" in restartLargest ? restartLargest.advice : "";
  const text = typeof advice === "function" ? advice(view, context) : advice;
  expect(text).toContain("worker (pid 42)");
  expect(text).not.toContain("stranger");
});
