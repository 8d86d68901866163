import { describe, expect, type TestContext, test } from "vitest";
import { type Call, undoCall, type WriteAction } from "../../src/core/words/action.ts";
import { canonical, type Json } from "../../src/core/words/json.ts";
import { until } from "../helpers/until.ts";
import type { trying } from "./connector-reads.ts";
import type { Hands } from "./connectors.ts";
import type { WriteCase } from "./harness.ts";

const asStored = (value: unknown): Json => JSON.parse(JSON.stringify(value ?? null));

/** What holds of every write, so that no runbook can forget it. */
export function writeContract(action: WriteAction, now: ReturnType<typeof trying>): void {
  const prepared = async ({ skip }: TestContext) => {
    const { target, hands } = now();
    const made = target.writes[action.name];
    if (made === undefined)
      throw new Error(`the harness has no case for ${action.name}: add it to \`writes\``);
    if (made.missing !== undefined) skip(made.missing);
    return { hands, made, call: await made.prepare() };
  };
  const look = (hands: Hands, call: Call) =>
    action.preview(hands.open(), action.input.parse(call.input), hands.context());
  const probe = async (hands: Hands, call: Call, witness: Json) =>
    (await action.probe(hands.open(), action.input.parse(call.input), witness, hands.context())).verdict;
  const drift = (then: Json, after: Json): readonly string[] =>
    action.drift?.(then, after) ?? (canonical(then) === canonical(after) ? [] : ["the witness"]);
  const expectUndone = async (hands: Hands, made: WriteCase, call: Call, witness: Json) =>
    expect(await probe(hands, call, witness)).toBe(made.notDoneIs ?? "not-done");

  describe.sequential(action.name, () => {
    test("previews twice the same, and is not done by looking", async (context) => {
      const { hands, made, call } = await prepared(context);
      const first = await look(hands, call);
      const second = await look(hands, call);
      expect([first.refused, first.nothingToDo]).toEqual([undefined, undefined]);
      expect(first.changes.length).toBeGreaterThan(0);
      expect(canonical(asStored(second.witness))).toBe(canonical(asStored(first.witness)));
      expect(drift(asStored(first.witness), asStored(second.witness))).toEqual([]);
      await expectUndone(hands, made, call, asStored(first.witness));
    });

    test("sends nothing when its time is over", async (context) => {
      const { hands, made, call } = await prepared(context);
      const witness = asStored((await look(hands, call)).witness);
      const late = { ...hands.context(), remainingMs: () => 0 };
      await expect(action.run(hands.open(), action.input.parse(call.input), late)).rejects.toMatchObject({
        code: "target_refused",
      });
      await expectUndone(hands, made, call, witness);
    });

    test("refuses once a condition it was approved on is gone", async (context) => {
      const { hands, made, call } = await prepared(context);
      await look(hands, call);
      await made.spoil(call);
      expect((await hands.fail(call)).code).toBe("target_refused");
    });

    test("is done when it was done, and its undo brings the witness back", async (context) => {
      const { hands, call } = await prepared(context);
      const witness = asStored((await look(hands, call)).witness);
      const output = await hands.run(call);
      await until(async () => (await probe(hands, call, witness)) === "done");
      const undo = undoCall(action, call.input, witness, output);
      if (undo === undefined) {
        expect(action.undo).toMatch(/^none: \S/);
        return;
      }
      await hands.run(undo);
      expect(canonical(asStored((await look(hands, call)).witness))).toBe(canonical(witness));
    });
  });
}
