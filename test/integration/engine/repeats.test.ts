// A request delivered again changes nothing and is answered as the first time, whatever was asked.
import { expect, test } from "vitest";
import type { Entry, Intake } from "../../../src/core/ports/intake.ts";
import { ApprovalId, IncidentId, type RunId } from "../../../src/core/words/ids.ts";
import { alice, bob, entry } from "../../helpers/engine-bench.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("repeats");
const by = { via: "cli", name: "bob" } as const;

const approvalOf = async (run: RunId) => ApprovalId.parse((await rig.remedy(run)).approval?.id);
const freeze = (letter: Entry) =>
  rig.bench.store.intake.freeze(letter, { by, reason: "deploy", forMs: 60_000 });

interface Case {
  readonly what: keyof Intake;
  /** Makes what is asked about and gives the question. */
  prepare(): Promise<(letter: Entry) => Promise<unknown>>;
  /** What others do between the two deliveries; the repeat must not undo it. */
  meanwhile?(): Promise<unknown>;
}

const CASES: readonly Case[] = [
  {
    what: "freeze",
    prepare: async () => freeze,
    meanwhile: () => rig.bench.store.intake.unfreeze(entry(), by),
  },
  {
    what: "unfreeze",
    prepare: async () => {
      await freeze(entry());
      return (letter) => rig.bench.store.intake.unfreeze(letter, by);
    },
    meanwhile: () => freeze(entry()),
  },
  {
    what: "requestCancel",
    prepare: async () => {
      const run = await rig.proposed();
      return (letter) => rig.bench.store.intake.requestCancel(letter, run, by);
    },
  },
  {
    what: "closeIncident",
    prepare: async () => {
      const incident = theIncident(rig);
      await incident.fire();
      const id = IncidentId.parse(await incident.id());
      return (letter) =>
        rig.bench.store.intake.closeIncident(letter, { incident: id, by, reason: "silenced" });
    },
  },
  {
    what: "notice",
    prepare: async () => (letter) => rig.bench.store.intake.notice(letter, "C0", "something happened"),
  },
  {
    what: "castVote",
    prepare: async () => {
      const approval = await approvalOf(await rig.proposed());
      return (letter) =>
        rig.bench.store.intake.castVote(letter, { approval, voter: bob, decision: "approve", via: "cli" });
    },
  },
  {
    what: "answer",
    prepare: async () => {
      const run = await rig.proposed({ applyForMs: 60_000 });
      await rig.bench.vote(run, "guarded", bob);
      await rig.bench.engine.advance(run);
      const approval = await approvalOf(run);
      return (letter) =>
        rig.bench.store.intake.answer(letter, { approval, voter: bob, answer: "extend", via: "cli" });
    },
  },
];

/** Everything a request may change. */
const state = async (): Promise<unknown> =>
  (
    await rig.pool.query(`SELECT (SELECT count(*) FROM audit) AS audit, (SELECT count(*) FROM run) AS runs,
      (SELECT count(*) FROM thread) AS threads, (SELECT count(*) FROM inbox) AS requests, (SELECT count(*) FROM vote) AS votes,
      (SELECT jsonb_agg(f) FROM write_freeze f) AS freeze, (SELECT jsonb_agg(r.held_until ORDER BY r) FROM remedy r) AS held,
      (SELECT jsonb_agg(r.cancel_requested_at ORDER BY id) FROM run r) AS cancels,
      (SELECT jsonb_agg(o ORDER BY kind, id) FROM outbox o) AS outbox`)
  ).rows[0];

test.each(CASES)("$what", async ({ prepare, meanwhile }) => {
  const ask = await prepare();
  const letter = entry();
  const first = await ask(letter);
  await meanwhile?.();
  const before = await state();
  expect(await ask(letter)).toEqual(first);
  expect(await state()).toEqual(before);
});

test("a refusal is repeated, and audited once", async () => {
  const approval = await approvalOf(await rig.proposed());
  const letter = entry();
  const vote = () =>
    rig.bench.store.intake.castVote(letter, { approval, voter: alice, decision: "approve", via: "cli" });
  const first = await vote().catch((error: unknown) => error);
  const before = await state();
  expect(first).toMatchObject({ code: "not_allowed" });
  expect(await vote().catch((error: unknown) => error)).toEqual(first);
  expect(await state()).toEqual(before);
});

test("a letter that was something else is not taken again", async () => {
  const letter = entry();
  await freeze(letter);
  await expect(rig.bench.store.intake.requestCancel(letter, await rig.proposed(), by)).rejects.toMatchObject({
    code: "not_decidable",
  });
});

test("three at once are one", async () => {
  const letter = entry();
  const [first, ...others] = await Promise.all([1, 2, 3].map(() => freeze(letter)));
  expect(others).toEqual([first, first]);
  const { rows } = await rig.pool.query("SELECT count(*)::int AS n FROM inbox WHERE dedupe_key = $1", [
    letter.dedupeKey,
  ]);
  expect(rows[0].n).toBe(1);
});
