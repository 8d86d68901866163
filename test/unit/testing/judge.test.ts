import { expect, it } from "vitest";
import { orThreshold, postgres, runbookOn, z } from "../../../src/sdk/index.ts";
import { failed, judge } from "../../../src/testing/index.ts";

const book = runbookOn(
  "postgres",
  {
    id: "deadlocks",
    title: "Deadlocks",
    params: z.object({ least: z.int().default(1).describe("from so many") }),
  },
  () => ({ deadlocks: postgres.deadlocks() }),
);
const deadlocks = book
  .remedies({
    order: book.advises("Take locks in one order", "low", ({ deadlocks }) => `${deadlocks?.deadlocks} a day`),
  })
  .findings((find) => [
    find(["deadlocks"], ({ deadlocks }, { params }) => [
      deadlocks.deadlocks >= params.least && {
        id: "deadlocks",
        severity: "warning",
        title: `${deadlocks.deadlocks} deadlocks`,
        because: "…",
        remedies: ["order"],
      },
    ]),
  ]);

const session = {
  pid: 4711,
  startedAt: "2026-01-01T00:00:00.000000Z",
  application: "reports",
  user: "reports",
  database: "shop",
  address: "10.0.0.7",
  state: "idle",
  stateSeconds: 3600,
  transactionSeconds: 0,
};
const idleBook = runbookOn(
  "postgres",
  { id: "idle", title: "Idle", params: z.object({ minutes: orThreshold("idleMinutes", "idle for longer") }) },
  ({ params }) => ({ idle: postgres.idleSessions({ olderThanMinutes: params.minutes }) }),
);
const idle = idleBook
  .remedies({
    terminate: idleBook.does(postgres.terminateIdleSessions, ["idle"], ({ idle }, { params }) => ({
      sessions: idle.sessions.map(({ pid, startedAt }) => ({ pid, startedAt })),
      idleSeconds: params.minutes * 60,
    })),
  })
  .findings((find) => [
    find(["idle"], ({ idle }) => ({
      id: "idle",
      severity: "warning",
      title: `${idle.total} idle`,
      because: "…",
      remedies: ["terminate"],
    })),
  ]);

it("says what a runbook makes of a situation", () => {
  const { findings, remedies } = judge(deadlocks, {
    steps: { deadlocks: { deadlocks: 3, hours: 24, timeoutSetting: "1s" } },
  });
  expect(findings.map(({ id, title }) => [id, title])).toEqual([["deadlocks", "3 deadlocks"]]);
  expect(remedies.order).toEqual({ title: "Take locks in one order", risk: "low", advice: "3 a day" });
});

it("with parameters as people give them", () => {
  const steps = { deadlocks: { deadlocks: 3, hours: 24, timeoutSetting: "1s" } };
  expect(judge(deadlocks, { steps, params: { least: 4 } }).findings).toEqual([]);
});

it("an error is what the connector says of it, unless the runbook explains it itself", () => {
  const steps = { deadlocks: failed("target_unreachable", "connection refused", "ECONNREFUSED") };
  const { findings, remedies } = judge(deadlocks, { steps });
  expect(findings).toHaveLength(1);
  expect(remedies[findings[0]?.remedies[0] ?? ""]?.advice).toBeTruthy();
});

it("shows the calls of a remedy, for the parameters it was asked with", () => {
  const { remedies } = judge(idle, {
    steps: { idle: { total: 1, sessions: [session] } },
    params: { minutes: 20 },
  });
  expect(remedies.terminate).toMatchObject({
    risk: "high",
    calls: [
      {
        action: "postgres.terminate-idle-sessions",
        input: { sessions: [{ pid: 4711, startedAt: session.startedAt }], idleSeconds: 1200 },
      },
    ],
  });
});

it("a situation that cannot be is refused: no such step, no such value", () => {
  expect(() => judge(deadlocks, { steps: { locks: {} } })).toThrow(
    "deadlocks has no step locks; it has deadlocks",
  );
  expect(() => judge(deadlocks, { steps: { deadlocks: { deadlocks: "many" } } })).toThrow(
    /step deadlocks: postgres.deadlocks never returns this:/,
  );
});
