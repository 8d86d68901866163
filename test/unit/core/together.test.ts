import { describe, expect, it } from "vitest";
import { together } from "../../../src/core/rules/together.ts";
import type { RecordedFinding } from "../../../src/core/words/finding.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import type { RunView } from "../../../src/core/words/view.ts";
import { run, step } from "../../make/views.ts";

const found = (id: string, severity: RecordedFinding["severity"] = "warning"): RecordedFinding => ({
  ...{ id, severity, title: `${id} is wrong`, because: "", evidence: [], remedies: [] },
});
const of = (id: number, runbook: string, more: Partial<RunView> = {}): RunView =>
  run({ id: RunId.parse(id), runbook, ...more });
const titles = (runs: readonly RunView[]) => together(runs).found.map(({ finding }) => finding.id);

describe("several runs as one answer", () => {
  it("says each run's cause, the gravest first, and how much else it found", () => {
    const { found: all } = together([
      of(1, "redis-memory", { findings: [found("full"), found("evicts")] }),
      of(2, "pg-locks", { findings: [found("blocked", "critical")] }),
    ]);
    expect(all.map(({ finding, more }) => [finding.id, more])).toEqual([
      ["blocked", 0],
      ["full", 1],
    ]);
  });

  it("a cause that is no worse than its effect weighs as much as that", () => {
    expect(
      titles([
        of(1, "a", { findings: [found("warned", "warning")] }),
        of(2, "b", { findings: [found("quiet-cause", "info"), found("down", "critical")] }),
      ]),
    ).toEqual(["quiet-cause", "warned"]);
  });

  it("puts the health matrix behind what looks closer, unless it is graver", () => {
    const health = (severity: RecordedFinding["severity"]) =>
      of(1, "service-health", { findings: [found("unwell", severity)] });
    const close = of(2, "pg-locks", { findings: [found("blocked")] });
    expect(titles([health("warning"), close])).toEqual(["blocked", "unwell"]);
    expect(titles([health("critical"), close])).toEqual(["unwell", "blocked"]);
  });

  it("says the same finding of several runs once, with all of them", () => {
    const [one, ...more] = together([
      of(1, "pg-locks", { findings: [found("unreachable:db")] }),
      of(2, "pg-vacuum", { findings: [found("unreachable:db")] }),
    ]).found;
    expect(one?.runs.map(({ id }) => id)).toEqual([1, 2]);
    expect(more).toEqual([]);
  });

  it("what is gone is not said, and what could not be looked at is never fine", () => {
    const gap = step("idle", "idle sessions", {
      state: "errored",
      error: { code: "timeout", message: "no answer" },
    });
    const {
      found: all,
      unseen,
      fine,
      open,
    } = together([
      of(1, "gone", { findings: [{ ...found("old"), goneAt: new Date() } as never] }),
      of(2, "gap", { steps: [gap] }),
      of(3, "broken", { status: "errored", error: { code: "bug", message: "it broke" } }),
      of(4, "well"),
      of(5, "looking", { status: "running", diagnosed: false }),
    ]);
    expect(all).toEqual([]);
    expect(unseen.map(({ run: { runbook }, what }) => [runbook, what])).toEqual([
      ["gap", "idle sessions gave no answer"],
      ["broken", "it broke"],
    ]);
    expect(fine.map(({ runbook }) => runbook)).toEqual(["gone", "well"]);
    expect(open.map(({ runbook }) => runbook)).toEqual(["looking"]);
  });
});
