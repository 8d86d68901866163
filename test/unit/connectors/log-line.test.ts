import { expect, it } from "vitest";
import { readLine } from "../../../src/connectors/log-line.ts";

const at = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;

it.each<readonly [string, Partial<ReturnType<typeof readLine>>]>([
  [
    '{"level":"ERROR","component":"AgentManager","message":"no","duration_ms":1500,"time":"2026-01-02T03:04:05Z"}',
    { level: "error", component: "AgentManager", message: "no", tookMs: 1_500, at },
  ],
  [
    '{"level":50,"name":"api","msg":"x","time":1767323045000}',
    { level: "error", component: "api", message: "x", at },
  ],
  [
    '{"severity":"warn","request":{"id":"7"},"msg":"x"}',
    { level: "warning", fields: { severity: "warn", "request.id": "7", msg: "x" } },
  ],
  [
    "2026-01-02 03:04:05,123 - shop.db - ERROR - cannot connect",
    { level: "error", component: "shop.db", message: "cannot connect", at: at + 0.123 },
  ],
  ["2026-01-02 03:04:05 ERROR cannot connect", { level: "error", message: "cannot connect", at }],
  ["[2026-01-02T05:04:05+02:00] [warning] slow", { level: "warning", message: "slow", at }],
  ["2026-01-02T03:04:05Z shop.worker INFO done", { level: "info", message: "done", at }],
  ['level=error component=db msg="too slow" took=12', { level: "error", component: "db", tookMs: 12 }],
  // Words of a sentence are no level (trap log-grep-words).
  ["0 errors, failed=0", { level: null }],
  ["error handling was improved", { level: null }],
  ["ERROR: it broke", { level: "error", message: "it broke" }],
  ['{"level": "error", "msg": "cut', { isBroken: true, level: null }],
  ["", { message: "", at: null }],
])("%s", (text, wanted) => expect(readLine(text)).toMatchObject(wanted));

it("a time without a zone is by the clock of its machine", () => {
  expect(readLine("2026-01-02 05:04:05 x", null, 7_200).at).toBe(at);
});
