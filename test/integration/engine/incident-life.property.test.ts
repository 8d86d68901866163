import { expect, test } from "vitest";
import { DiagError } from "../../../src/core/words/errors.ts";
import { ApprovalId, IncidentId } from "../../../src/core/words/ids.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import type { CrashPoint } from "../../../src/engine/deps.ts";
import { verifyAudit } from "../../../src/store/index.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { entry } from "../../helpers/engine-bench.ts";
import { fc } from "../../helpers/property.ts";
import { PEOPLE } from "./approvals-model.ts";
import { theIncident } from "./incident-bench.ts";
import { approvals, cancellable, isConsistent, type Shown, shown } from "./incident-life.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("incident-life");
const VOTERS = ["bob", "dave", "erin"] as const;
const everybody = Object.values(PEOPLE);
const policies = Policies.parse({ high: { approvals: 2, from: ["oncall"] } });
const by = { via: "cli" as const, name: "bob" };

interface Model {
  /** Every approval that was ever shown with a button. */
  readonly asked: Set<string>;
}
interface Real {
  readonly incident: ReturnType<typeof theIncident>;
  see(): Promise<Shown | undefined>;
}
type Command = fc.AsyncCommand<Model, Real>;

const command = (name: string, act: (real: Real, model: Model) => Promise<unknown>): Command => ({
  check: () => true,
  run: async (model, real) => {
    await act(real, model);
    const seen = await real.see();
    if (seen === undefined) return;
    await isConsistent(rig, seen);
    for (const id of approvals(seen)) model.asked.add(id);
  },
  toString: () => name,
});

const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % Math.max(1, from.length)];

const cast = (approval: ApprovalId, who: (typeof VOTERS)[number], decision: "approve" | "deny") =>
  rig.bench.store.intake
    .castVote(entry(), { approval, voter: PEOPLE[who], decision, via: "slack" })
    .then(() => "counted" as const)
    .catch((error: unknown) => {
      if (error instanceof DiagError && error.code === "not_decidable") return error.message;
      throw error;
    });

const click = (at: number, who: (typeof VOTERS)[number], decision: "approve" | "deny"): Command =>
  command(`${who} clicks ${decision} on card ${at}`, async ({ see }) => {
    const seen = await see();
    const approval = seen && pick(approvals(seen), at);
    // A button that is shown counts: the only refusal is one's own second click.
    if (approval !== undefined)
      expect(await cast(approval, who, decision)).toMatch(/^counted$|already voted/);
  });

const clickOld = (at: number, who: (typeof VOTERS)[number]): Command =>
  command(`${who} clicks approve on card ${at} of before`, async ({ see }, model) => {
    const seen = await see();
    const now = new Set<string>(seen === undefined ? [] : approvals(seen));
    const old = pick(
      [...model.asked].filter((id) => !now.has(id)),
      at,
    );
    if (old !== undefined) expect(await cast(ApprovalId.parse(old), who, "approve")).not.toBe("counted");
  });

const cancel = (at: number): Command =>
  command(`cancel run ${at}`, async ({ see }) => {
    const seen = await see();
    const run = seen && pick(cancellable(seen), at);
    if (run !== undefined)
      expect(await rig.bench.store.intake.requestCancel(entry(), run, by)).toBe("requested");
  });

const say = (answer: "did-not" | "abandon" | "undo" | "keep"): Command =>
  command(`bob says ${answer}`, async ({ see }) => {
    const seen = await see();
    const button = seen?.buttons.find(({ action }) => action === `remedy:${answer}`);
    if (button === undefined) return;
    const approval = ApprovalId.parse(button.value);
    await rig.bench.store.intake.answer(entry(), { approval, voter: PEOPLE.bob, answer, via: "slack" });
  });

const dies = (point: CrashPoint): Command =>
  command(`the worker dies at ${point}, another goes on`, async ({ incident }) => {
    const dying = rig.bench.another(`dies-${point}`, {
      leaseMs: 60_000,
      crash: (passed) => {
        if (passed === point) throw new DiagError("store_unavailable", "it is dead");
      },
    });
    for (const run of await incident.runs()) await dying.advance(run);
    await rig.pool.query("UPDATE run SET lease_until = now() - interval '1 s' WHERE owner IS NOT NULL");
    await rig.pool.query(
      "UPDATE step SET effect_deadline = now() - interval '1 h' WHERE state IN ('executing', 'unknown')",
    );
  });

const fire = command("fire", ({ incident }) => incident.fire());
const fireTwin = command("fire, for two runbooks", ({ incident }) =>
  incident.fire({ runs: [{}, { runbook: "level-twin" }] }),
);
const resolve = command("resolve", ({ incident }) => incident.resolve());
const workOn = command("the workers go on", ({ incident }) => incident.workOn());
const timePasses = command("the quiet time is over", async ({ incident }) => {
  await incident.quietIsOver();
  await rig.bench.store.sweep.startDueRuns();
});
const expire = command("the time to decide is over", () =>
  rig.pool.query(
    "UPDATE approval SET expires_at = now(), execute_before = now() WHERE state IN ('pending', 'approved')",
  ),
);
const freeze = command("freeze", () => rig.bench.store.intake.freeze(entry(), { by, reason: "deploy" }));
const unfreeze = command("unfreeze", () => rig.bench.store.intake.unfreeze(entry(), by));
const close = command("close", async ({ incident }) => {
  const id = await incident.id();
  if (id !== undefined)
    await rig.bench.store.intake.closeIncident(entry(), {
      incident: IncidentId.parse(id),
      by,
      reason: "silenced",
    });
});
const moves = (value: number) =>
  command(`the level is ${value}`, async () => {
    rig.bench.world.value = value;
  });
type Fate = "ok" | "refuse" | "lost-reply" | "never-arrives";
async function carry({ incident, see }: Real, at: number, fate: Fate): Promise<void> {
  const seen = await see();
  const approval = seen && pick(approvals(seen), at);
  if (approval === undefined) return;
  for (const who of ["bob", "dave"] as const) await cast(approval, who, "approve");
  rig.bench.world.next = [fate];
  await incident.workOn();
}
async function flap({ incident }: Real): Promise<void> {
  await incident.resolve();
  await incident.quietIsOver();
  await incident.fire();
}
const carried = (at: number, fate: Fate): Command =>
  command(`bob and dave approve card ${at}, which is carried out: ${fate}`, (real) => carry(real, at, fate));
const flaps = command("it resolves, and fires when it is quiet", flap);
// Only a run with something done and something still asked for is superseded: seldom of itself.
const carriedAndFlaps = command("of a new run one card is refused, and it flaps", async (real) => {
  rig.bench.world.value = 12;
  await flap(real);
  await real.incident.workOn();
  await carry(real, 0, "refuse");
  await flap(real);
});

const often = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });
const always = (weight: number, one: Command) => often(weight, fc.constant(one));
const COMMANDS = fc.oneof(
  always(6, fire),
  always(2, fireTwin),
  always(4, resolve),
  always(9, workOn),
  always(3, timePasses),
  always(5, flaps),
  often(
    7,
    fc
      .tuple(fc.nat(3), fc.constantFrom<Fate>("ok", "refuse", "refuse", "lost-reply", "never-arrives"))
      .map(([at, fate]) => carried(at, fate)),
  ),
  always(2, carriedAndFlaps),
  always(1, expire),
  always(1, freeze),
  always(1, unfreeze),
  always(1, close),
  often(4, fc.constantFrom(3, 10, 12).map(moves)),
  often(
    9,
    fc
      .tuple(
        fc.nat(3),
        fc.constantFrom(...VOTERS),
        fc.constantFrom<"approve" | "deny">("approve", "approve", "approve", "deny"),
      )
      .map(([at, who, decision]) => click(at, who, decision)),
  ),
  often(
    2,
    fc.tuple(fc.nat(9), fc.constantFrom(...VOTERS)).map(([at, who]) => clickOld(at, who)),
  ),
  often(1, fc.nat(2).map(cancel)),
  often(
    2,
    fc.constantFrom<"did-not" | "abandon" | "undo" | "keep">("did-not", "abandon", "undo", "keep").map(say),
  ),
  often(
    2,
    fc
      .constantFrom<CrashPoint>(
        "after_claim",
        "before_intent",
        "after_intent",
        "after_effect",
        "after_result",
        "before_verify",
        "before_release",
      )
      .map(dies),
  ),
);

test("whatever happens to an incident: head, cards and buttons say what the rows say", {
  timeout: 280_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands([COMMANDS], { maxCommands: 40, size: "max" }), async (commands) => {
      // What the incidents before have left asked for must not be what this one would ask for, too: it would follow their card.
      await rig.pool.query(
        "DELETE FROM target_lock; DELETE FROM write_freeze; UPDATE approval SET act = 'of before: ' || id WHERE act NOT LIKE 'of before%'",
      );
      rig.reopen({ policies, people: everybody });
      const incident = theIncident(rig);
      await incident.fire();
      await incident.workOn();
      const real = { incident, see: () => shown(rig, incident, everybody) };
      await fc.asyncModelRun(() => ({ model: { asked: new Set<string>() }, real }), commands);
      await comesToRest(real);
    }),
    { numRuns: 50, endOnFailure: true },
  );
  expect((await verifyAudit(rig.pool)).firstBad).toBeUndefined();
  expect(await auditGaps(rig.pool)).toEqual([]);
  const { rows } = await rig.pool.query<{ event: string; n: number }>(
    "SELECT event, count(*)::int AS n FROM audit GROUP BY event",
  );
  const seen = new Map(rows.map(({ event, n }) => [event, n]));
  for (const event of REACHED) expect(seen.get(event) ?? 0, event).toBeGreaterThan(0);
});

/** A property that never comes to these proves nothing. */
const REACHED = [
  "run.looked-again",
  "run.superseded",
  "incident.reopened",
  "incident.closed",
  "incident.runs-deferred",
  "remedy.planned",
  "remedy.void",
  "remedy.succeeded",
  "remedy.expired",
  "remedy.cancelled",
  "remedy.unknown",
  "vote.cast",
  "vote.refused",
];

/** The cause is gone and the alert is over: nobody is asked for anything but what became of a write. */
async function comesToRest({ incident, see }: Real): Promise<void> {
  await rig.bench.store.intake.unfreeze(entry(), by);
  // What somebody asked to be undone would bring the cause back.
  await incident.workOn();
  rig.bench.world.value = 3;
  // It fires once more, so that there is a resolve.
  await incident.fire();
  await incident.resolve();
  for (let times = 0; times < 3; times++) {
    await rig.pool.query(
      "UPDATE step SET effect_deadline = now() - interval '1 h' WHERE state IN ('executing', 'unknown')",
    );
    await rig.pool.query("UPDATE run SET wake_at = NULL WHERE status = 'waiting'");
    await incident.workOn();
  }
  const seen = await see();
  if (seen === undefined) return;
  await isConsistent(rig, seen);
  const hasQuestion = seen.buttons.some(({ action }) => action === "remedy:abandon");
  if (!hasQuestion) expect(approvals(seen)).toEqual([]);
}
