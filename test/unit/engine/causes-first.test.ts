import { describe, expect, it } from "vitest";
import type { RecordedFinding } from "../../../src/core/words/finding.ts";
import { causesFirst } from "../../../src/engine/causes-first.ts";

const one = (
  id: string,
  severity: RecordedFinding["severity"],
  explains: readonly string[] = [],
  remedies: string[] = [],
) => ({
  finding: { id, severity, title: `T ${id}`, because: `B ${id}.`, evidence: [], remedies },
  explains,
});
const ids = (all: Parameters<typeof causesFirst>[0]) => causesFirst(all).map(({ id }) => id);

describe("causes before effects", () => {
  it("without a cause: the gravest first, else as they were found", () => {
    expect(ids([one("a", "info"), one("b", "critical"), one("c", "warning"), one("d", "critical")])).toEqual([
      "b",
      "d",
      "c",
      "a",
    ]);
  });

  it("a cause stands before a graver effect, and both before what is less grave than the effect", () => {
    const found = [one("other", "warning"), one("effect", "critical"), one("cause", "info", ["effect"])];
    expect(ids(found)).toEqual(["cause", "effect", "other"]);
  });

  it("an effect is answered by the remedies of its cause only, and says what it follows from", () => {
    const [, effect] = causesFirst([
      one("effect", "critical", [], ["restart"]),
      one("cause", "warning", ["effect"], ["repair"]),
    ]);
    expect(effect).toMatchObject({ because: "B effect. Follows from: T cause.", remedies: ["repair"] });
  });

  it("a chain has one cause", () => {
    const found = causesFirst([
      one("c", "critical", [], ["x"]),
      one("b", "warning", ["c"], ["y"]),
      one("a", "info", ["b"], ["z"]),
    ]);
    expect(found.map(({ id, remedies }) => [id, ...remedies])).toEqual([
      ["a", "z"],
      ["c", "z"],
      ["b", "z"],
    ]);
  });

  it("what is not found explains nothing, and nothing explains itself", () => {
    expect(causesFirst([one("a", "info", ["a", "gone"], ["x"])])).toMatchObject([
      { id: "a", because: "B a.", remedies: ["x"] },
    ]);
  });

  it("in a circle the first that speaks is the cause, and all are said once", () => {
    const found = causesFirst([
      one("a", "warning", ["b"]),
      one("b", "critical", ["c"]),
      one("c", "info", ["a"]),
    ]);
    expect(found.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });
});
