import { describe, expect, it } from "vitest";
import { type Escalations, levelsOf, nextLevel } from "../../../src/core/rules/escalation.ts";
import { Escalation, type EscalationFacts, type LevelView } from "../../../src/core/words/escalation.ts";

const rules = (more: object = {}) =>
  Escalation.parse({ after: "10m", to: [{ usergroup: "S0ONCALL" }, { webhook: "pager" }], ...more });
const escalations = (common: Escalation | undefined, systems: Escalations["systems"] = {}): Escalations => ({
  common,
  systems,
});
const BEGAN = new Date("2026-11-22T03:00:00Z");
const later = (minutes: number) => new Date(BEGAN.getTime() + minutes * 60_000);
const facts = (more: Partial<EscalationFacts> = {}): EscalationFacts => ({
  turn: 0,
  since: BEGAN,
  levels: [],
  ...more,
});
const taken = (level: number, minutes: number, more: Partial<LevelView> = {}): LevelView => ({
  turn: 0,
  level,
  target: { usergroup: "S0ONCALL" },
  because: "severity",
  at: later(minutes),
  state: "shown",
  ...more,
});
const critical = levelsOf(escalations(rules()), { severity: "critical" })!;
const warning = levelsOf(escalations(rules()), { severity: "warning" })!;

describe("whose levels it is", () => {
  it("is the common one, the system's own in its place, or nobody's", () => {
    expect(levelsOf(escalations(undefined), { severity: "critical" })).toBeUndefined();
    expect(critical).toMatchObject({ afterMs: 600_000, bySeverity: true });
    const own = escalations(rules(), { shop: rules({ after: "5m" }), mails: rules({ to: [] }) });
    expect(levelsOf(own, { system: "shop", severity: "page" })?.afterMs).toBe(300_000);
    expect(levelsOf(own, { system: "other", severity: "page" })?.afterMs).toBe(600_000);
    expect(levelsOf(own, { system: "mails", severity: "critical" })).toBeUndefined();
  });

  it("differs by severity, and names like those of every object are no severities", () => {
    const bySeverity = escalations(rules({ severities: { warning: { after: "1h" }, critical: { to: [] } } }));
    expect(levelsOf(bySeverity, { severity: "warning" })).toMatchObject({
      afterMs: 3_600_000,
      bySeverity: true,
    });
    expect(levelsOf(bySeverity, { severity: "critical" })).toBeUndefined();
    expect(levelsOf(bySeverity, { severity: "constructor" })).toMatchObject({ bySeverity: false });
  });
});

describe("the next step", () => {
  it("is due when nobody answered for so long, one after another, each once", () => {
    expect(nextLevel(critical, facts())).toMatchObject({ level: 0, at: later(10), because: "severity" });
    expect(nextLevel(critical, facts({ levels: [taken(0, 11)] }))).toMatchObject({ level: 1, at: later(21) });
    expect(nextLevel(critical, facts({ levels: [taken(0, 11), taken(1, 21)] }))).toBeUndefined();
  });

  it("comes at once where the step before could not be told", () => {
    expect(nextLevel(critical, facts({ levels: [taken(0, 11, { state: "failed" })] }))?.at).toEqual(
      later(11),
    );
    expect(nextLevel(critical, facts({ levels: [taken(0, 11, { state: "unknown" })] }))?.at).toEqual(
      later(21),
    );
  });

  it("does not come once somebody has answered, and begins anew with the next fire", () => {
    const answered = { how: "ack", by: "alice", at: later(2) } as const;
    expect(nextLevel(critical, facts({ answered }))).toBeUndefined();
    const again = facts({ turn: 1, since: later(60), levels: [taken(0, 11), taken(1, 21)] });
    expect(nextLevel(critical, again)).toMatchObject({ level: 0, at: later(70) });
  });

  it("counts from the remedy that waits where the severity asks for nobody", () => {
    expect(nextLevel(warning, facts())).toBeUndefined();
    expect(nextLevel(warning, facts({ waitingSince: later(3) }))).toMatchObject({
      at: later(13),
      because: "waiting",
    });
    // Decided, expired or withdrawn: there is nothing left to answer.
    expect(nextLevel(warning, facts({ levels: [taken(0, 13, { because: "waiting" })] }))).toBeUndefined();
  });
});

describe("harm that was found", () => {
  const harm = levelsOf(
    escalations(rules({ damage: { "data-loss": { to: [{ user: "U0DBA" }, { user: "U0CTO" }] } } })),
    { severity: "warning" },
  )!;
  const lost = { damage: [{ kind: "data-loss" as const, since: later(4) }] };
  const told = (level: number, minutes: number) =>
    taken(level, minutes, { because: "damage", damage: "data-loss" });

  it("is told at once, whatever the severity, and to the next after the common time", () => {
    expect(nextLevel(harm, facts())).toBeUndefined();
    expect(nextLevel(harm, facts(lost))).toMatchObject({
      ...{ level: 0, at: later(4), because: "damage", damage: "data-loss", target: { user: "U0DBA" } },
    });
    expect(nextLevel(harm, facts({ ...lost, levels: [told(0, 4)] }))).toMatchObject({
      ...{ level: 1, at: later(14), target: { user: "U0CTO" } },
    });
    expect(nextLevel(harm, facts({ ...lost, levels: [told(0, 4), told(1, 14)] }))).toBeUndefined();
  });

  it("of a kind that nobody wants to hear of changes nothing", () => {
    expect(nextLevel(harm, facts({ damage: [{ kind: "security", since: later(4) }] }))).toBeUndefined();
  });

  it("waits for an answer from after it was found: whoever had it before did not know of it", () => {
    const answered = { how: "ack", by: "alice", at: later(2) } as const;
    expect(nextLevel(harm, facts({ ...lost, answered }))).toMatchObject({ at: later(4), because: "damage" });
    const both = facts({ ...lost, answered, answeredLast: later(5), levels: [told(0, 4)] });
    expect(nextLevel(harm, both)).toBeUndefined();
  });

  it("has steps of its own beside those of the severity, and neither takes the other's", () => {
    const both = levelsOf(
      escalations(rules({ damage: { security: { after: "1m", to: [{ user: "U0SEC" }] } } })),
      {
        severity: "critical",
      },
    )!;
    const found = facts({ damage: [{ kind: "security", since: later(12) }], levels: [taken(0, 11)] });
    expect(nextLevel(both, found)).toMatchObject({ level: 1, damage: "security", at: later(13) });
    const after = {
      ...found,
      levels: [taken(0, 11), taken(1, 13, { because: "damage", damage: "security" })],
    };
    expect(nextLevel(both, after)).toMatchObject({
      ...{ level: 2, because: "severity", target: { webhook: "pager" }, at: later(21) },
    });
  });
});

describe("a levels as written", () => {
  it.each([
    [{ after: "30s", to: [] }, "between 1m and 7d"],
    [{ after: "8d", to: [] }, "between 1m and 7d"],
    [{ after: "10m", to: [{}] }, "exactly one of"],
    [{ after: "10m", to: [{ usergroup: "S0A", webhook: "x" }] }, "exactly one of"],
    [{ after: "10m", to: [{ usergroup: "@oncall" }] }, "not its handle"],
    [{ after: "10m", to: [{ user: "alice" }] }, "member id"],
    [{ after: "10m", to: [], damage: { losses: { to: [] } } }, "losses"],
    [{ after: "10m", to: [], remind: "1m" }, "between 15m and 7d"],
  ])("%j is refused", (written, why) => {
    expect(JSON.stringify(Escalation.safeParse(written).error?.issues)).toContain(why);
  });
});
