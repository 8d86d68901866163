import { describe, expect, it } from "vitest";
import { z } from "zod";
import { lookNext } from "../../../src/core/rules/look-next.ts";
import type { RecordedFinding } from "../../../src/core/words/finding.ts";
import type { RunView } from "../../../src/core/words/view.ts";
import { makeSystem } from "../../make/system.ts";
import { run } from "../../make/views.ts";
import { bookOf, none } from "../ingress/fixtures.ts";

const known = {
  systems: [makeSystem("shop", { connections: { db: { kind: "postgres", url: "postgres://db/app" } } })],
  runbooks: [
    bookOf({ id: "slow", params: none, covers: ["shop.slow", "shop.pool"] }),
    bookOf({
      id: "everything",
      params: none,
      covers: ["shop.slow", "a.a", "a.b", "a.c", "a.d", "a.e", "a.f"],
    }),
    bookOf({ id: "locks", params: none, needs: ["postgres"], covers: ["shop.slow"] }),
    bookOf({ id: "pool", params: none, covers: ["shop.pool", "shop.slow"] }),
    bookOf({ id: "needs-redis", params: none, needs: ["redis"], covers: ["shop.slow"] }),
    bookOf({ id: "needs-words", params: z.object({ ip: z.string() }), covers: ["shop.slow"] }),
    bookOf({ id: "other", params: none, covers: ["shop.mail"] }),
    bookOf({ id: "same-alert", params: none, alerts: [{ alertname: "Slow" }] }),
  ],
};
const found = (severity: RecordedFinding["severity"], remedies: string[] = []): RecordedFinding => ({
  ...{ id: "f", severity, title: "it is slow", because: "", evidence: [], remedies },
});
const next = (more: Partial<RunView> = {}, firing = true, looked: readonly string[] = []) =>
  lookNext(known, run({ system: "shop", runbook: "slow", ...more }), { firing, looked });

describe("where to look next", () => {
  it("is what shares most of the guide's items and can be asked here with nothing typed", () => {
    expect(next()).toEqual(["/diag shop pool", "/diag shop locks", "/diag shop everything"]);
  });

  it("is first what answers the very alert, and never what has looked already", () => {
    const alert = { labels: { alertname: "Slow" }, annotations: {} };
    expect(next({ alert })[0]).toBe("/diag shop same-alert");
    expect(next({}, true, ["pool", "everything"])).toEqual(["/diag shop locks"]);
  });

  it("is said of a finding nobody has a remedy for, whether an alert fires or not", () => {
    expect(next({ findings: [found("warning")] }, false)).toHaveLength(3);
    expect(next({ findings: [found("warning", ["fix"])] })).toEqual([]);
    expect(next({ findings: [found("warning"), found("critical", ["fix"])] })).toEqual([]);
  });

  it.each([
    ["a healthy run nobody's alert contradicts", {}, false],
    ["only what is worth knowing, asked for by hand", { findings: [found("info")] }, false],
    ["a run that goes on", { status: "running" as const }, true],
    ["a run that was cancelled", { status: "cancelled" as const }, true],
    ["a run that another one goes on for", { supersededBy: 43 as never }, true],
    [
      "what was found and is gone",
      { findings: [{ ...found("warning"), goneAt: new Date() }] as never },
      true,
    ],
    ["a runbook that is not known any more", { runbook: "gone" }, true],
    ["a system that is not known any more", { system: "gone" }, true],
  ])("is not said of %s", (_what, more, firing) => {
    expect(next(more, firing)).toEqual([]);
  });
});
