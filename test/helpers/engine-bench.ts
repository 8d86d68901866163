import type pg from "pg";
import { pino } from "pino";
import { z } from "zod";
import { AlertSettings } from "../../src/core/alert.ts";
import type { Answer } from "../../src/core/answer.ts";
import { ApprovalId, PrincipalId, type RunId } from "../../src/core/ids.ts";
import { Limits } from "../../src/core/limits.ts";
import type { Policies, Principal } from "../../src/core/policy.ts";
import { Policies as PoliciesSchema } from "../../src/core/policy.ts";
import type { Catalog } from "../../src/core/ports.ts";
import type { LeaseKeeper } from "../../src/core/run-store.ts";
import { type Runbook, runbook, verify } from "../../src/core/runbook.ts";
import { SystemSchema } from "../../src/core/system.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import type { CrashPoint } from "../../src/engine/house.ts";
import { createTargets } from "../../src/engine/targets.ts";
import { createStore, type Pool, type Store } from "../../src/store/index.ts";
import {
  blocking,
  broken,
  level,
  newWorld,
  setGuarded,
  setKeyed,
  slow,
  type World,
  worldConnector,
} from "./world.ts";

const low = (make: typeof setGuarded) => ({
  title: "Set the level to 1",
  risk: "high" as const,
  do: () => [make({ to: 1 })],
  verify: verify({
    check: { after: level() },
    holds: ({ after }: { after: { ok: boolean; value?: { value: number } } }) =>
      after.ok && after.value?.value === 1,
    within: "1s" as const,
  }),
  undo: "actions" as const,
});

/** Runbooks over the test world. `level` finds a level above 5 and offers to set it, once guarded and once keyed. */
export const worldRunbooks: Runbook[] = [
  runbook({ id: "level", title: "Level too high", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ now: level(), other: broken() }))
    .findings(({ now }) =>
      now.ok && now.value.value > 5
        ? [
            {
              id: "high",
              severity: "critical",
              title: `level ${now.value.value}`,
              because: "it is above 5",
              remedies: ["guarded", "keyed", "human"],
            },
          ]
        : [],
    )
    .remedies({
      guarded: low(setGuarded),
      keyed: low(setKeyed),
      human: { advice: "turn the tap", risk: "low" },
    }),
  runbook({ id: "level-twin", title: "The same", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ now: level() }))
    .findings(({ now }) =>
      now.ok && now.value.value > 5
        ? [{ id: "high", severity: "warning", title: "level", because: "it is above 5", remedies: ["set"] }]
        : [],
    )
    .remedies({ set: low(setGuarded) }),
  runbook({ id: "quiet", title: "Nothing to see", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ now: level() }))
    .findings(() => [])
    .remedies({}),
  runbook({ id: "blind", title: "Cannot see", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ other: broken() }))
    .findings(() => [])
    .remedies({}),
  runbook({ id: "down", title: "Says why it cannot see", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ one: broken(), other: broken(), now: level() }))
    .findings(({ one }) =>
      one.ok || one.error.detail !== "ECONNREFUSED"
        ? []
        : [{ id: "down", severity: "critical", title: "nothing listens", because: "" }],
    )
    .remedies({}),
  runbook({ id: "blocking", title: "Blocks", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ now: level() }))
    .andThen(() => ({ busy: blocking() }))
    .findings(() => [])
    .remedies({}),
  runbook({ id: "slow", title: "Takes long", needs: ["http"], covers: [], params: z.object({}) })
    .diagnose(() => ({ never: slow() }))
    .findings(() => [])
    .remedies({}),
];

const person = (id: string, roles: string[]): Principal => ({ id: PrincipalId.parse(id), roles, slack: [] });
export const alice = person("alice", ["oncall"]);
export const bob = person("bob", ["oncall", "dba"]);
export const carol = person("carol", []);

export interface Bench {
  readonly world: World;
  readonly store: Store;
  readonly pool: Pool;
  readonly engine: Engine;
  /** Another worker over the same store. */
  another(
    name: string,
    options?: { leaseMs?: number; crash?: (point: CrashPoint) => void; keeper?: LeaseKeeper },
  ): Engine;
  submit(runbook: string, options?: { dryRun?: boolean; applyForMs?: number }): Promise<RunId>;
  answer(run: RunId, remedy: string, voter: Principal, answer: Answer): Promise<unknown>;
  vote(
    run: RunId,
    remedy: string,
    voter: Principal,
    decision?: "approve" | "deny",
    more?: { breakGlass?: boolean; reason?: string },
  ): Promise<unknown>;
  sql(text: string, values?: unknown[]): Promise<pg.QueryResult>;
}

let entries = 0;
export const entry = () => ({
  source: "cli" as const,
  dedupeKey: `test-${process.pid}-${++entries}`,
  raw: "{}",
});

/** An engine over a real database and a world whose every effect is counted. */
export function engineBench(
  pool: Pool,
  options: { policies?: Policies; people?: Principal[]; limits?: Limits } = {},
): Bench {
  const world = newWorld();
  const store = createStore(pool, () => {}, { didNotAfterMs: 0 });
  const system = {
    id: "sys",
    ...SystemSchema.parse({ connections: { api: { kind: "http", url: "http://127.0.0.1:1" } } }),
  };
  const catalog: Catalog = {
    runbooks: worldRunbooks,
    systems: [system],
    people: options.people ?? [alice, bob, carol],
    policies: options.policies ?? PoliciesSchema.parse({ high: { approvals: 1, from: ["oncall"] } }),
    limits: options.limits ?? Limits.parse({ writesPerSystemHour: 1000 }),
    alerts: AlertSettings.parse({}),
    channel: "C0",
  };
  const another: Bench["another"] = (worker, { leaseMs = 2_000, crash = () => {}, keeper } = {}) =>
    createEngine(
      {
        store: store.runs,
        catalog,
        targets: createTargets([worldConnector(world)]),
        redact: (text) => text,
        redactKnown: (text) => text,
        logger: pino({ level: "silent" }),
        events: { step: () => {}, remedy: () => {}, run: () => {}, leaseLost: () => {} },
        crash,
        ...(keeper === undefined ? {} : { keeper }),
      },
      { worker, leaseMs },
    );
  const caller = { via: "slack" as const, name: "U0ALICE", principal: alice.id };
  return {
    world,
    store,
    pool,
    engine: another("w1"),
    another,
    submit: async (id, more = {}) => {
      const connections = { http: "api" };
      const request = {
        system: "sys",
        runbook: id,
        title: id,
        params: {},
        connections,
        caller,
        channel: "C0",
        ...more,
      };
      return (await store.intake.submitRun(entry(), request)).run;
    },
    vote: async (run, remedy, voter, decision = "approve", more = {}) => {
      const view = await store.reader.run(run);
      const approval = ApprovalId.parse(
        view?.remedies.find((candidate) => candidate.key === remedy)?.approval?.id,
      );
      return store.intake.castVote(entry(), { approval, voter, decision, via: "cli", ...more });
    },
    answer: async (run, remedy, voter, answer) => {
      const view = await store.reader.run(run);
      const approval = ApprovalId.parse(
        view?.remedies.find((candidate) => candidate.key === remedy)?.approval?.id,
      );
      return store.intake.answer(entry(), { approval, voter, answer, via: "cli" });
    },
    sql: (text, values) => pool.query(text, values),
  };
}
