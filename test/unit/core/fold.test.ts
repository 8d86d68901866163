import { describe, expect, it } from "vitest";
import { FOLD, foldsOf, type OpenStorm, type Unseen } from "../../../src/core/rules/fold.ts";
import { ThreadId } from "../../../src/core/words/ids.ts";

const unseen = (count: number, critical = 0): Unseen[] =>
  Array.from({ length: count }, (_, i) => ({
    thread: ThreadId.parse(i + 1),
    critical: i < critical,
    open: true,
    since: new Date(i),
  }));
const storm = (more: Partial<OpenStorm> = {}): OpenStorm => ({
  ageMs: 10_000,
  quietMs: 10_000,
  recently: 50,
  isPosting: false,
  ...more,
});

describe("which groups are folded", () => {
  it("none while the channel can show all of them soon", () => {
    expect(foldsOf(unseen(FOLD.foldAt), undefined, FOLD)).toEqual({ fold: [], hold: [] });
  });

  it("all but the first critical one once there are more", () => {
    const { fold, hold } = foldsOf(unseen(FOLD.foldAt + 1, 5), undefined, FOLD);
    expect(fold).toEqual(
      unseen(FOLD.foldAt + 1)
        .slice(1)
        .map(({ thread }) => thread),
    );
    expect(hold).toEqual([]);
  });

  it("a critical one that is over has no lane of its own", () => {
    const rows = unseen(FOLD.foldAt + 1, 1).map((row) => ({ ...row, open: false }));
    expect(foldsOf(rows, undefined, FOLD).fold).toHaveLength(FOLD.foldAt + 1);
  });

  it("in a storm a single one, too, as long as it rages", () => {
    expect(foldsOf(unseen(1), storm(), FOLD).fold).toHaveLength(1);
    expect(foldsOf(unseen(1), storm({ recently: 4 }), FOLD)).toEqual({ fold: [], hold: [] });
    // More than a few at once: it begins anew, whatever is remembered of it.
    expect(foldsOf(unseen(4), storm({ recently: 0 }), FOLD).fold).toHaveLength(4);
  });

  it("holds them while the last message waits, or was only just made", () => {
    expect(foldsOf(unseen(2), storm({ isPosting: true }), FOLD).hold).toHaveLength(2);
    expect(foldsOf(unseen(2), storm({ quietMs: 1_999 }), FOLD).hold).toHaveLength(2);
    expect(foldsOf(unseen(2), storm({ quietMs: 2_000 }), FOLD).fold).toHaveLength(2);
  });

  it("a long storm has fewer messages, yet nobody waits for more than half a minute", () => {
    const hour = 3_600_000;
    expect(foldsOf(unseen(2), storm({ ageMs: 600_000, quietMs: 19_999 }), FOLD).hold).toHaveLength(2);
    expect(foldsOf(unseen(2), storm({ ageMs: hour, quietMs: 30_000 }), FOLD).fold).toHaveLength(2);
  });
});
