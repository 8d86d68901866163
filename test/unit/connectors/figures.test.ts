import { describe, expect, it } from "vitest";
import { terminateProcess } from "../../../src/connectors/host/terminate.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { terminateBlockers } from "../../../src/connectors/postgres/sessions.ts";
import { setMaxmemory } from "../../../src/connectors/redis/limits.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";

const writes = connectorsOf(kinds).flatMap(({ actions }) =>
  actions.filter((action) => action.effect === "write"),
);

describe("what a write says of itself", () => {
  it.each(writes.map((action) => [action.name, action] as const))(
    "%s: figures before and after",
    (_name, action) => {
      expect(action.settled?.figures, "settled.figures").toBeTypeOf("function");
      if (typeof action.undo === "string") return;
      expect(action.says, "says what an undo did").toBeTypeOf("function");
      expect(action.leaves, "says what undo cannot bring back").toMatch(/\w/);
    },
  );

  it("waiting sessions before and after", () => {
    const say = (before: object) =>
      terminateBlockers.action.settled?.figures?.(
        { locks: { total: 0 } } as never,
        { sessions: [] },
        { signalled: [{ pid: 1 }], spared: 0 },
        before as never,
      );
    expect(say({ locks: { total: 4 } })).toBe("waiting sessions 4 → 0");
    expect(say({})).toBe("1 blocking session ended, 0 still wait");
  });

  it("the process that runs again", () => {
    const of = (pid: number) => ({ pid, startTicks: pid, anonymous: 1024 * 1024, swap: 0 });
    const budgets = (...pids: number[]) => ({ budgets: [{ match: "worker.js", processes: pids.map(of) }] });
    const say = (runs: boolean, ...now: number[]) =>
      terminateProcess.action.settled?.figures?.(
        { process: { runs }, budgets: budgets(...now) },
        { pid: 7, startTicks: 7, name: "worker" },
        undefined,
        { budgets: budgets(7, 9) },
      );
    expect(say(false, 9, 32531)).toBe(
      "worker, pid 7, held 1.0 MiB and has ended; it runs again, pid 32531, 1.0 MiB",
    );
    expect(say(false, 9)).toBe("worker, pid 7, held 1.0 MiB and has ended");
    expect(say(true, 7, 9)).toBe("worker, pid 7, still runs");
  });

  it("an undo", () => {
    expect(setMaxmemory.action.says?.({}, { bytes: 67_108_864, before: 134_217_728 })).toContain(
      "128 MiB → ",
    );
  });
});
