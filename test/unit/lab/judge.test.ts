import { describe, expect, it } from "vitest";
import { firstOf, isWanted, judgeFault, judgeTwin, ofSituation, totalsOf } from "../../lab/judge.ts";
import { table } from "../../lab/table.ts";
import type { Outcome, Seen, SeenFinding } from "../../lab/words.ts";

const found = (id: string, severity = "warning", remedies: string[] = ["fix"]): SeenFinding => ({
  ...{ run: "1", id, severity, title: `title of ${id}`, remedies },
});
const seen = (...findings: SeenFinding[]): Seen => ({
  ...{ findings, runs: [{ id: "1", runbook: "pg-locks", status: "succeeded" }], remedies: {} },
});
const expected = { expect: { first: "blocked", remedy: "fix" } };

describe("the answer to a fault", () => {
  it("is right where what is read first is the cause, and the remedy is offered for it", () => {
    expect(judgeFault(expected, seen(found("note", "info"), found("blocked"), found("other")))).toEqual([]);
  });

  it("is wrong where another finding comes before it, nothing is found, or the remedy is another's", () => {
    expect(judgeFault(expected, seen(found("other"), found("blocked")))).toEqual([
      "found first other (title of other), not blocked",
    ]);
    expect(judgeFault(expected, seen())).toEqual(["found nothing (pg-locks succeeded), not blocked"]);
    expect(judgeFault(expected, seen(found("blocked", "warning", []), found("other")))).toEqual([
      "offered nothing, not fix",
    ]);
  });

  it("may be a note where there is nothing else", () => {
    expect(firstOf([found("note", "info")])?.id).toBe("note");
    expect(judgeFault(expected, seen(found("blocked", "info")))).toEqual([]);
  });

  it("may name a place the lab does not know beforehand", () => {
    expect([isWanted("disk-full:*", "disk-full:/tmp/x"), isWanted("disk-full:*", "inodes:/tmp/x")]).toEqual([
      true,
      false,
    ]);
    expect(isWanted("oom", "oom-kill")).toBe(false);
  });
});

it("what is known to be of the machine itself counts for nothing, and only that", () => {
  const all = [found("oom-kills"), found("oom"), found("disk-full:/a"), found("disk-full:/b")];
  const ids = (elsewhere?: readonly string[]) => ofSituation(all, elsewhere).map(({ id }) => id);
  expect(ids()).toHaveLength(4);
  expect(ids(["oom-kills", "disk-full:*"])).toEqual(["oom"]);
});

it("a twin is silent with notes, and not with anything above", () => {
  expect(judgeTwin(seen(found("note", "info")))).toEqual([]);
  expect(judgeTwin(seen(found("a"), found("b", "critical")))).toEqual([
    "the healthy twin gave warning a: title of a",
    "the healthy twin gave critical b: title of b",
  ]);
});

const outcome = (more: Partial<Outcome>): Outcome => ({
  ...{ id: "x/y", items: ["tektra.performance"], components: ["postgres"], wrong: [], ...more },
});

describe("the table", () => {
  const all = [
    outcome({ right: true, first: found("a"), evidenceSeconds: 3, verified: true, falseFindings: [] }),
    outcome({
      right: true,
      first: found("a"),
      evidenceSeconds: 1,
      falseFindings: [found("b")],
      wrong: ["b"],
    }),
    outcome({ right: false, evidenceSeconds: 2, wrong: ["c"] }),
    outcome({ notRun: "no dockerd" }),
  ];

  it("counts what was not run as nothing else", () => {
    expect(totalsOf(all)).toEqual({
      ...{ scenarios: 4, ran: 3, notRun: 1, rightFirst: 2, applied: 1, verified: 1, twins: 2 },
      ...{ falseFindings: 1, evidenceP50: 2, evidenceP95: 3, wrong: 2 },
    });
    expect(totalsOf([all[3] as Outcome])).toMatchObject({ ran: 0, rightFirst: 0, evidenceP50: undefined });
  });

  it("has a row for each, and says what was not run", () => {
    const lines = table(all).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[2]).toMatch(/ yes .* NO +1\.0 s$/);
    expect(lines[4]).toMatch(/not run: no dockerd$/);
  });
});
