import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Answer } from "../../../src/core/words/answer.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { ApprovalId, type RunId } from "../../../src/core/words/ids.ts";
import type { CrashPoint } from "../../../src/engine/deps.ts";
import { SUSPICIOUS } from "../../../src/engine/suspects.ts";
import { openPool, type Pool, verifyAudit } from "../../../src/store/index.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { type Bench, engineBench, entry } from "../../helpers/engine-bench.ts";
import { fc } from "../../helpers/property.ts";
import {
  advanced,
  ENTITLED,
  type Model,
  type Name,
  newModel,
  PEOPLE,
  POLICIES,
  type Status,
  voted,
} from "./approvals-model.ts";

let pool: Pool;
let drop: () => Promise<void>;
beforeAll(async () => {
  const database = await freshDatabase("approvals");
  pool = openPool(database.url);
  drop = database.drop;
});
afterEach(() => vi.useRealTimers());
afterAll(async () => {
  await pool.end();
  await drop();
});

interface Real {
  readonly bench: Bench;
  readonly run: RunId;
  readonly approval: ApprovalId;
}
type Command = fc.AsyncCommand<Model, Real>;

const seen = async ({ bench, run }: Real) =>
  (await bench.store.reader.run(run))?.remedies.find(({ key }) => key === "guarded");

/** Where the runs came to: a property that never leaves `waiting` proves nothing. */
const reached = new Map<Status, number>();

/** After every command rows and receipts are what the model says. */
async function agrees(model: Model, real: Real): Promise<void> {
  reached.set(model.status, (reached.get(model.status) ?? 0) + 1);
  expect((await seen(real))?.status).toBe(model.status);
  expect(real.bench.world.receipts).toHaveLength(model.effects);
}

const command = (name: string, act: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run: async (model, real) => {
    await act(model, real);
    await agrees(model, real);
  },
  toString: () => name,
});

const refused = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => false,
    (error: unknown) => {
      if (error instanceof DiagError && ["not_allowed", "not_decidable"].includes(error.code)) return true;
      throw error;
    },
  );

const cast = (
  { bench, approval }: Real,
  name: Name,
  decision: "approve" | "deny",
  letter = entry(),
  breakGlass = false,
) =>
  refused(
    bench.store.intake.castVote(letter, {
      approval,
      voter: PEOPLE[name],
      decision,
      via: "slack",
      ...(breakGlass ? { breakGlass, reason: "the shop is down, nobody answers" } : {}),
    }),
  );

const vote = (name: Name, decision: "approve" | "deny", breakGlass: boolean): Command =>
  command(`${name} ${breakGlass ? "breaks the glass to " : ""}${decision}s`, async (model, real) => {
    const counts = voted(model, name, decision, breakGlass && decision === "approve");
    expect(await cast(real, name, decision, entry(), breakGlass && decision === "approve")).toBe(!counts);
  });

const doubleClick = (name: Name): Command =>
  command(`${name} approves, delivered three times at once`, async (model, real) => {
    const counts = voted(model, name, "approve");
    const letter = entry();
    const ends = await Promise.all([1, 2, 3].map(() => cast(real, name, "approve", letter)));
    // One vote; the repeats get the same answer.
    expect(ends.filter((isRefused) => !isRefused)).toHaveLength(counts ? 3 : 0);
  });

const lastVotes = (one: Name, other: Name): Command =>
  command(`${one} and ${other} approve at the same time`, async (model, real) => {
    const room = Math.max(0, 2 - model.approved.size);
    const counts = [...new Set([one, other])].filter((name) => !model.approved.has(name));
    const canCount = counts.filter(
      (name) => model.status === "waiting" && !model.isOver && ENTITLED.includes(name),
    );
    const ends = await Promise.all([cast(real, one, "approve"), cast(real, other, "approve")]);
    const counted = Math.min(canCount.length, room);
    expect(ends.filter((isRefused) => !isRefused)).toHaveLength(counted);
    // Who came first is the database's to say.
    const names = (await seen(real))?.approval?.votes.map(({ principal }) => principal) ?? [];
    for (const name of canCount) if (names.includes(PEOPLE[name].id)) voted(model, name, "approve");
  });

const timeOver: Command = command("the time to decide or to begin is over", async (model, real) => {
  if (!["waiting", "approved"].includes(model.status)) return;
  model.isOver = true;
  await real.bench.sql(
    `UPDATE approval SET expires_at = CASE state WHEN 'pending' THEN now() ELSE expires_at END,
       execute_before = CASE state WHEN 'approved' THEN now() ELSE execute_before END WHERE id = $1`,
    [real.approval],
  );
});

const freeze: Command = command("freeze", async (model, { bench }) => {
  model.isFrozen = true;
  await bench.store.intake.freeze(entry(), { by: { via: "cli", name: "bob" }, reason: "deploy" });
});

const unfreeze: Command = command("unfreeze", async (model, { bench }) => {
  model.isFrozen = false;
  await bench.store.intake.unfreeze(entry(), { via: "cli", name: "bob" });
});

const tamper: Command = command("the stored plan is changed", async (model, { bench, run }) => {
  model.isTampered = true;
  await bench.sql(
    `UPDATE remedy SET plan = replace(plan, '"to":1', '"to":2') WHERE run_id = $1 AND key = 'guarded'`,
    [run],
  );
});

const move: Command = command("the situation moves", async (model, { bench }) => {
  if (model.effects > 0) return;
  model.hasMoved = true;
  bench.world.value = 12;
});

const cancel: Command = command("cancel", async (model, { bench, run }) => {
  model.isCancelled = true;
  if (["waiting", "approved"].includes(model.status)) model.status = "cancelled";
  await bench.store.intake.requestCancel(entry(), run, { via: "cli", name: "dave" });
});

const workOn: Command = command("a worker goes on", async (model, { bench, run }) => {
  advanced(model);
  await bench.engine.advance(run);
});

/** Would one more worker that it stops be the third in a row? That ends a run, which is shown elsewhere. */
async function isSuspect({ bench, run }: Real): Promise<boolean> {
  const lost = "SELECT lost_leases + (status = 'running')::int AS lost FROM run WHERE id = $1";
  return (await bench.sql(lost, [run])).rows[0]?.lost >= SUSPICIOUS;
}

const crash = (point: CrashPoint): Command =>
  command(`a worker dies at ${point}`, async (model, real) => {
    const { bench, run } = real;
    if (await isSuspect(real)) {
      advanced(model);
      await bench.engine.advance(run);
      return;
    }
    advanced(model, point);
    const dies = bench.another(`dies-${point}`, {
      leaseMs: 60_000,
      crash: (passed) => {
        if (passed === point) throw new DiagError("store_unavailable", "it is dead");
      },
    });
    await dies.advance(run);
    // Time passes: its lease, and the time its attempt could have an effect.
    await bench.sql(
      "UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1 AND owner IS NOT NULL",
      [run],
    );
    await bench.sql(
      "UPDATE step SET effect_deadline = now() - interval '1 h' WHERE run_id = $1 AND state = 'executing'",
      [run],
    );
  });

const answer = (name: Name, said: Answer): Command =>
  command(`${name} says ${said}`, async (model, { bench, approval }) => {
    const counts = model.status === "unknown" && ENTITLED.includes(name) && !model.answered.has(name);
    if (counts) model.answered.add(name);
    if (counts) model.status = said === "abandon" ? "failed" : "applying";
    const request = { approval, voter: PEOPLE[name], answer: said, via: "slack" } as const;
    expect(await refused(bench.store.intake.answer(entry(), request))).toBe(!counts);
  });

const name = fc.constantFrom(...(Object.keys(PEOPLE) as Name[]));
const entitled = fc.constantFrom(...ENTITLED);
const often = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });
const COMMANDS = fc.oneof(
  often(
    8,
    fc
      .tuple(name, fc.constantFrom("approve", "approve", "approve", "deny" as const), fc.nat(9))
      .map(([who, decision, glass]) => vote(who, decision as "approve" | "deny", glass === 0)),
  ),
  often(3, entitled.map(doubleClick)),
  often(
    4,
    fc.tuple(entitled, entitled).map(([one, other]) => lastVotes(one, other)),
  ),
  often(5, fc.constant(workOn)),
  often(
    6,
    fc
      .constantFrom<CrashPoint>(
        "after_claim",
        "before_intent",
        "after_intent",
        "after_effect",
        "after_result",
      )
      .map(crash),
  ),
  often(
    5,
    fc
      .tuple(fc.oneof(name, entitled, entitled), fc.constantFrom<Answer>("did-not", "abandon"))
      .map(([who, said]) => answer(who, said)),
  ),
  ...[timeOver, freeze, unfreeze, tamper, move, cancel].map((each) => often(1, fc.constant(each))),
);

async function begin(): Promise<{ model: Model; real: Real }> {
  await pool.query("DELETE FROM target_lock; DELETE FROM write_freeze");
  const bench = engineBench(pool, { policies: POLICIES, people: Object.values(PEOPLE) });
  const run = await bench.submit("level");
  await bench.engine.advance(run);
  const real = { bench, run, approval: ApprovalId.parse("0".repeat(32)) };
  const approval = ApprovalId.parse((await seen(real))?.approval?.id);
  return { model: newModel(), real: { ...real, approval } };
}

async function beginApproved(): Promise<{ model: Model; real: Real }> {
  const begun = await begin();
  for (const who of ["bob", "dave"] as const)
    expect(await cast(begun.real, who, "approve")).toBe(!voted(begun.model, who, "approve"));
  return begun;
}

test("whatever people and crashes do, in any order: rows and effects are what the rules say", {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    // Half of them begin approved: what comes after an effect is otherwise rarely reached.
    fc.asyncProperty(
      fc.commands([COMMANDS], { maxCommands: 25, size: "max" }),
      fc.boolean(),
      (commands, isApproved) => fc.asyncModelRun(isApproved ? beginApproved : begin, commands),
    ),
    { numRuns: 200, endOnFailure: true },
  );
  expect((await verifyAudit(pool)).firstBad).toBeUndefined();
  expect(await auditGaps(pool)).toEqual([]);
  const ends: Status[] = [
    "denied",
    "expired",
    "void",
    "succeeded",
    "failed",
    "cancelled",
    "unknown",
    "applying",
  ];
  for (const status of ends) expect(reached.get(status) ?? 0, status).toBeGreaterThan(5);
});

test.each([-3_600_000, 3_600_000])(
  "a worker's own clock that is %d ms off decides no expiry",
  async (off) => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + off });
    const { model, real } = await beginApproved();
    advanced(model);
    await real.bench.engine.advance(real.run);
    await agrees(model, real);
    expect(model.status).toBe("succeeded");
  },
);
