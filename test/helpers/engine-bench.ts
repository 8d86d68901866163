import type pg from "pg";
import { pino } from "pino";
import { z } from "zod";
import { kinds } from "../../src/connectors/index.ts";
import type { Catalog } from "../../src/core/ports/catalog.ts";
import type { LeaseKeeper, RunStore } from "../../src/core/ports/run-store.ts";
import type { Steps } from "../../src/core/words/action.ts";
import { AlertSettings } from "../../src/core/words/alert.ts";
import type { Answer } from "../../src/core/words/answer.ts";
import type { Caller } from "../../src/core/words/caller.ts";
import { ApprovalId, PrincipalId, type RunId } from "../../src/core/words/ids.ts";
import { Limits } from "../../src/core/words/limits.ts";
import type { Policies, Principal } from "../../src/core/words/policy.ts";
import { Policies as PoliciesSchema } from "../../src/core/words/policy.ts";
import type { Runbook } from "../../src/core/words/runbook.ts";
import type { CrashPoint } from "../../src/engine/deps.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import { createTargets } from "../../src/engine/targets.ts";
import { runbookOn } from "../../src/sdk/runbook.ts";
import { createStore, type Pool, type Store } from "../../src/store/index.ts";
import { makeSystem } from "../make/system.ts";
import {
  blocking,
  broken,
  level,
  newWorld,
  setGuarded,
  setKeyed,
  setUnseen,
  slow,
  type World,
  worldConnector,
} from "./world.ts";

const NO_PARAMS = { params: z.object({}) };
const over = ({ now }: { now: { value: number } }) => now.value > 5;

const levelBook = runbookOn(
  "http",
  { id: "level", title: "Level too high", ...NO_PARAMS, explains: "all" },
  () => ({
    now: level(),
    other: broken(),
  }),
);
const twinBook = runbookOn("http", { id: "level-twin", title: "The same", ...NO_PARAMS }, () => ({
  now: level(),
}));
const unseenBook = runbookOn("http", { id: "unseen", title: "Only it can tell", ...NO_PARAMS }, () => ({
  now: level(),
}));
const briefBook = runbookOn("http", { id: "brief", title: "Only for a time", ...NO_PARAMS }, () => ({
  now: level(),
}));
const TO_ONE = { title: "Set the level to 1" } as const;

const nothingFound = <S extends Steps>(id: string, title: string, steps: () => S): Runbook =>
  runbookOn("http", { id, title, ...NO_PARAMS }, steps)
    .remedies({})
    .findings(() => []);

/** Runbooks over the test world. `level` finds a level above 5 and offers to set it, once guarded and once keyed. */
export const worldRunbooks: Runbook[] = [
  levelBook
    .remedies({
      guarded: levelBook.does(setGuarded, [], () => ({ to: 1 }), TO_ONE),
      keyed: levelBook.does(setKeyed, [], () => ({ to: 1 }), TO_ONE),
      human: levelBook.advises("For a human", "low", "turn the tap"),
    })
    .findings((find) => [
      find(
        ["now"],
        ({ now }) =>
          over({ now }) && {
            id: "high",
            severity: "critical",
            title: `level ${now.value}`,
            because: "it is above 5",
            remedies: ["guarded", "keyed", "human"],
          },
      ),
    ]),
  twinBook.remedies({ set: twinBook.does(setGuarded, [], () => ({ to: 1 }), TO_ONE) }).findings((find) => [
    find(
      ["now"],
      (values) =>
        over(values) && {
          id: "high",
          severity: "warning",
          title: "level",
          because: "it is above 5",
          remedies: ["set"],
        },
    ),
  ]),
  briefBook
    .remedies({ set: briefBook.does(setGuarded, [], () => ({ to: 1 }), { ...TO_ONE, inForce: "1s" }) })
    .findings((find) => [
      find(
        ["now"],
        (values) =>
          over(values) && {
            id: "high",
            severity: "warning",
            title: "level",
            because: "it is above 5",
            remedies: ["set"],
          },
      ),
    ]),
  unseenBook
    .remedies({
      set: unseenBook.does(setUnseen, [], () => ({ to: 1 }), {
        recheck: ["now"],
        holds: (seen) => !over(seen),
      }),
    })
    .findings((find) => [
      find(
        ["now"],
        (values) =>
          over(values) && {
            id: "high",
            severity: "warning",
            title: "level",
            because: "it is above 5",
            remedies: ["set"],
          },
      ),
    ]),
  nothingFound("quiet", "Nothing to see", () => ({ now: level() })),
  nothingFound("blind", "Cannot see", () => ({ other: broken() })),
  runbookOn("http", { id: "down", title: "Says why it cannot see", ...NO_PARAMS }, () => ({
    one: broken(),
    other: broken(),
    now: level(),
  }))
    .remedies({})
    .findings((find) => [
      find.seen(
        ["one"],
        ({ one }) =>
          !one.ok &&
          one.error.detail === "ECONNREFUSED" && {
            id: "down",
            severity: "critical",
            title: "nothing listens",
            because: "",
          },
      ),
    ]),
  runbookOn("http", { id: "blocking", title: "Blocks", ...NO_PARAMS }, () => ({ now: level() }))
    .andThen([], () => ({ busy: blocking() }))
    .remedies({})
    .findings(() => []),
  nothingFound("slow", "Takes long", () => ({ never: slow() })),
];

const person = (id: string, roles: string[]): Principal => ({ id: PrincipalId.parse(id), roles, slack: [] });
export const alice = person("alice", ["oncall"]);
export const bob = person("bob", ["oncall", "dba"]);
export const carol = person("carol", []);

/** What another deployment of the product would bring along, and what is made of the store. */
interface Deployed {
  readonly runbooks?: readonly Runbook[];
  /** Of the one system, as written in diagbot.yaml. */
  readonly system?: object;
  readonly store?: Partial<RunStore>;
}

export interface Bench {
  readonly world: World;
  readonly store: Store;
  readonly pool: Pool;
  readonly engine: Engine;
  /** Another worker over the same store. */
  another(
    name: string,
    options?: { leaseMs?: number; crash?: (point: CrashPoint) => void; keeper?: LeaseKeeper } & Deployed,
  ): Engine;
  submit(
    runbook: string,
    options?: { dryRun?: boolean; applyForMs?: number; caller?: Caller },
  ): Promise<RunId>;
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
  options: { policies?: Policies; people?: Principal[]; limits?: Limits; system?: object } = {},
): Bench {
  const world = newWorld();
  const store = createStore(pool, () => {}, { didNotAfterMs: 0 });
  const systemOf = (written?: object) =>
    makeSystem("sys", {
      connections: { api: { kind: "http", url: "http://127.0.0.1:1" } },
      ...written,
    });
  const system = systemOf(options.system);
  const catalog: Catalog = {
    kinds,
    runbooks: worldRunbooks,
    systems: [system],
    people: options.people ?? [alice, bob, carol],
    policies: options.policies ?? PoliciesSchema.parse({ high: { approvals: 1, from: ["oncall"] } }),
    limits: options.limits ?? Limits.parse({ writesPerSystemHour: 1000 }),
    alerts: AlertSettings.parse({}),
    routes: [],
    channel: "C0",
  };
  const another: Bench["another"] = (
    worker,
    { leaseMs = 2_000, crash = () => {}, keeper, ...deployed } = {},
  ) =>
    createEngine(
      {
        store: { ...store.runs, ...deployed.store },
        catalog: {
          ...catalog,
          ...(deployed.runbooks === undefined ? {} : { runbooks: deployed.runbooks }),
          ...(deployed.system === undefined ? {} : { systems: [systemOf(deployed.system)] }),
        },
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
