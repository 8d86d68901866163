import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type Call, undoCall, type WriteAction } from "../../core/words/action.ts";
import { canonical, type Json } from "../../core/words/json.ts";
import { assertCode, failed } from "./ended.ts";
import type { Case, Hands, Holding } from "./hands.ts";
import type { WriteCase } from "./harness.ts";

/** The effect of a write may come later than its answer; only what never comes waits so long. */
const PATIENCE_MS = 60_000;

const asStored = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null));

interface Prepared {
  readonly hands: Hands;
  readonly made: WriteCase;
  readonly call: Call;
}

/** What holds of every write, so that no runbook can forget it. */
export function writeCases(action: WriteAction): Case[] {
  const { look, probe, isNotDone, drift } = asking(action);
  const on = (title: string, holds: (prepared: Prepared) => Promise<void>): Case => ({
    title: `${action.name} ${title}`,
    holds: async (holding) => {
      const prepared = await preparedFor(action, holding);
      if (prepared !== undefined) await holds(prepared);
    },
  });
  return [
    on("previews twice the same, and is not done by looking", async ({ hands, made, call }) => {
      const first = await look(hands, call);
      const second = await look(hands, call);
      assert.deepEqual([first.refused, first.nothingToDo], [undefined, undefined]);
      assert.ok(first.changes.length > 0, "the preview names no change");
      assert.equal(canonical(asStored(second.witness)), canonical(asStored(first.witness)));
      assert.deepEqual(drift(asStored(first.witness), asStored(second.witness)), []);
      await isNotDone(hands, made, call, asStored(first.witness));
    }),
    on("sends nothing when its time is over", async ({ hands, made, call }) => {
      const witness = asStored((await look(hands, call)).witness);
      const error = await failed(
        `${action.name} with remainingMs() at 0`,
        hands.run(call, undefined, { witness, remainingMs: () => 0 }),
      );
      assertCode(error, "target_refused", "with remainingMs() at 0, before anything is sent");
      await isNotDone(hands, made, call, witness);
    }),
    on("refuses once a condition it was approved on is gone", async ({ hands, made, call }) => {
      const witness = asStored((await look(hands, call)).witness);
      await made.spoil(call);
      const error = await failed(
        `${action.name} after \`spoil\` (compare once more what the preview rested on: its input, or context.witness)`,
        hands.run(call, undefined, { witness }),
      );
      assertCode(error, "target_refused", "after `spoil`");
    }),
    on("is done when it was done, and its undo brings the witness back", async ({ hands, call }) => {
      const witness = asStored((await look(hands, call)).witness);
      const output = await hands.run(call, undefined, { witness });
      await isDone(() => probe(hands, call, witness));
      const undo = undoCall(action, call.input, witness, output);
      if (undo === undefined)
        return assert.match(
          String(action.undo),
          /^none: \S/,
          'an undo is a call, or "none: " and why there is none',
        );
      // Nobody has previewed it: it has no witness.
      await hands.run(undo);
      assert.equal(canonical(asStored((await look(hands, call)).witness)), canonical(witness));
    }),
  ];
}

async function preparedFor(
  action: WriteAction,
  { target, hands, skip }: Holding,
): Promise<Prepared | undefined> {
  const made = target.writes[action.name];
  assert.ok(made, `the harness has no case for ${action.name}: add it to \`writes\``);
  if (made.missing === undefined) return { hands, made, call: await made.prepare() };
  skip(made.missing);
  return undefined;
}

function asking(action: WriteAction) {
  const look = (hands: Hands, call: Call) => hands.preview(action, call);
  const probe = async (hands: Hands, call: Call, witness: Json) =>
    (await hands.probe(action, call, witness)).verdict;
  const drift = (then: Json, after: Json): readonly string[] =>
    action.drift?.(then, after) ?? (canonical(then) === canonical(after) ? [] : ["the witness"]);
  const isNotDone = async (hands: Hands, made: WriteCase, call: Call, witness: Json) =>
    assert.equal(
      await probe(hands, call, witness),
      made.notDoneIs ?? "not-done",
      "what the probe says before it was done",
    );
  return { look, probe, drift, isNotDone };
}

async function isDone(probe: () => Promise<string>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (let seen = await probe(); seen !== "done"; seen = await probe()) {
    assert.ok(performance.now() < end, `the probe says ${seen} after it was done`);
    await pause(10);
  }
}
