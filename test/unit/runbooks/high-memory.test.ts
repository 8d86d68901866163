import { expect, it } from "vitest";
import { highMemory } from "../../../runbooks/host/high-memory.ts";
import { Thresholds } from "../../../src/core/words/system.ts";

const GIB = 1024 ** 3;
const nothing = {
  free: 0,
  cache: 0,
  slabReclaimable: 0,
  processes: 0,
  shared: 0,
  kernel: 0,
  hugePages: 0,
  compressed: 0,
  arc: 0,
  unaccounted: 0,
};
/** Memory of 16 GiB of which these parts are used; the rest is free. */
function machine(parts: Partial<typeof nothing>, more: object = {}) {
  const used = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const given = (parts.cache ?? 0) + (parts.slabReclaimable ?? 0);
  const available = 16 * GIB - used + given;
  return {
    ...{
      total: 16 * GIB,
      available,
      usedRatio: 1 - available / (16 * GIB),
      isEstimate: false,
      scope: "machine",
      arc: null,
    },
    ...{
      swapTotal: 4 * GIB,
      swapUsed: 0,
      swapInRate: 0,
      swapOutRate: 0,
      pressure: { some: 0, full: 0 },
      oomKills: 0,
    },
    parts: { ...nothing, ...parts, free: 16 * GIB - used },
    seenProcesses: { count: 99, bytes: parts.processes ?? 0 },
    group: null,
    ...more,
  };
}
const calm = machine({ processes: 4 * GIB, kernel: GIB, cache: 9 * GIB });
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
      memory: ok(memory),
      processes: ok({ byMemory: [{ ...worker, ...process }], byCpu: [] }),
      budgets: ok({ budgets: [] }),
      kills: ok({ sinceBoot: 0, source: "journal", kills }),
    },
    context,
  );

it("is silent where memory is free, whatever swap was used once", () => {
  expect(diagnose({ ...calm, swapUsed: GIB })).toEqual([]);
  expect(diagnose({ ...calm, swapUsed: 3.9 * GIB })).toMatchObject([{ id: "swap-full", severity: "info" }]);
});

// What the machine of the tests cannot be brought to without harming it, as /proc would say it.
it.each([
  [
    "one process",
    machine({ processes: 14 * GIB }),
    { anonymous: 12 * GIB },
    /; worker \(pid 42\) holds 12/,
    ["endLargest", "restartLargest", "addMemory"],
  ],
  [
    "tmpfs",
    machine({ processes: 3 * GIB, shared: 11 * GIB }),
    {},
    /, most of it in memory file systems$/,
    ["findTmpfs"],
  ],
  [
    "the kernel",
    machine({ processes: 4 * GIB, kernel: 9 * GIB, cache: GIB }),
    {},
    /, most of it kernel memory$/,
    ["findKernel", "addMemory"],
  ],
  [
    "huge pages",
    machine({ processes: 2 * GIB, hugePages: 12 * GIB }),
    {},
    /, most of it huge pages$/,
    ["freeHugePages"],
  ],
  [
    "compressed swap",
    machine({ processes: 5 * GIB, compressed: 8 * GIB }),
    {},
    /, most of it compressed swap$/,
    ["addMemory"],
  ],
  ["many processes", machine({ processes: 14 * GIB }), {}, /, spread over many processes$/, ["addMemory"]],
  [
    "processes of elsewhere",
    machine({ processes: 14 * GIB }, { seenProcesses: { count: 5, bytes: GIB } }),
    {},
    /cannot be seen from here$/,
    ["addMemory"],
  ],
  [
    "what no list shows",
    machine({ processes: 4 * GIB, unaccounted: 10 * GIB }),
    { anonymous: 3 * GIB },
    /, 10\.0 GiB of it in nothing the kernel lists \(the cache of ZFS, /,
    ["findUnaccounted"],
  ],
] as const)(
  "names %s in the first title, and offers what helps against it",
  (_what, memory, process, title, remedies) => {
    const [first] = diagnose(memory, [], process);
    expect(first?.title).toMatch(title);
    expect(first?.remedies).toEqual(remedies);
  },
);

it.each([
  [
    "full swap of a machine without memory",
    { ...machine({ processes: 14 * GIB }), swapUsed: 3.9 * GIB },
    /^Swap is 9\d % full \(4\.0 GiB\)$/,
  ],
  [
    "thrashing",
    { ...calm, swapInRate: 9e6, swapOutRate: 8e6, pressure: { some: 0.6, full: 0.3 } },
    /waits for memory 30 %/,
  ],
  [
    "waiting without swap",
    { ...calm, swapTotal: 0, pressure: { some: 0.6, full: 0.3 } },
    /waits for memory 30 %/,
  ],
  [
    "a container's limit",
    { ...calm, group: { limit: GIB, used: 0.97 * GIB, cache: 0 } },
    /^The control group holds .* 97 % of its limit/,
  ],
] as const)("%s", (_what, memory, title) => {
  expect(
    diagnose(memory)
      .map((one) => one.title)
      .join("\n"),
  ).toMatch(new RegExp(title, "m"));
});

it("the cache of ZFS is said, not fought; what it keeps for itself is a part like others", () => {
  const arc = { size: 11 * GIB, min: GIB, max: 12 * GIB };
  const full = machine({ processes: 3 * GIB, arc: 11 * GIB }, { arc });
  const given = { ...full, available: full.available + 10 * GIB, usedRatio: 0.25 };
  const [first, ...more] = diagnose(given, [], { anonymous: 2 * GIB });
  expect(first).toMatchObject({ id: "arc", severity: "info", remedies: ["limitArc"] });
  expect(first?.title).toBe("11.0 GiB of 16.0 GiB is the cache of ZFS (ARC), given back on demand");
  expect(more).toEqual([]);
  const small = machine({ processes: 3 * GIB, arc: GIB, cache: 8 * GIB }, { arc: { ...arc, size: GIB } });
  expect(diagnose(small)).toEqual([]);
  const kept = machine(
    { processes: 2 * GIB, arc: 12 * GIB },
    { arc: { ...arc, size: 12 * GIB, min: 12 * GIB } },
  );
  expect(diagnose(kept)[0]?.title).toMatch(/, most of it the ARC of ZFS$/);
});

it("says whose figures they are", () => {
  const below = diagnose(machine({ processes: 14 * GIB }, { scope: "machine-below" }));
  expect(below[0]?.because).toContain("the figures are of the machine below");
});

it("an OOM kill of yesterday is told with its age and wakes nobody", () => {
  const kill = { at: -20 * 3600, pid: 9, process: "java", memory: GIB, byLimit: false, group: "" };
  expect(diagnose(calm, [kill])[0]).toMatchObject({
    severity: "warning",
    title: expect.stringMatching(/java, last \d+ min ago$/),
  });
});

it("tells a limit that was reached from a machine that ran out", () => {
  const kill = { at: 0, pid: 9, process: "node", memory: GIB, byLimit: true, group: "/docker/x" };
  expect(diagnose(calm, [kill])[0]).toMatchObject({ severity: "warning", remedies: ["raiseLimit"] });
  const whole = diagnose(calm, [kill, { ...kill, process: "java", byLimit: false }]);
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
