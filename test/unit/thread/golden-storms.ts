import { IncidentId, ThreadId } from "../../../src/core/words/ids.ts";
import type { StormGroup, StormView } from "../../../src/core/words/storm.ts";
import type { ThreadView } from "../../../src/core/words/view.ts";
import { at, thread } from "../../make/views.ts";

const refused = {
  runbook: "pg-connectivity",
  id: "refused",
  severity: "critical",
  title: "Nothing listens on db1:5432",
  on: ["db"],
} as const;

/** Every third group is critical; those of `shop` found the same. */
export const group = (n: number, more: Partial<StormGroup> = {}): StormGroup => ({
  incident: IncidentId.parse(100 + n),
  thread: ThreadId.parse(200 + n),
  page: 1 + Math.floor(n / 10),
  title: `ServiceDown <!channel> ${n}`,
  severity: n % 3 === 0 ? "critical" : "warning",
  status: "firing",
  firing: 1 + (n % 2),
  openedAt: at(600 - n),
  closed: false,
  labels: { alertname: "ServiceDown", instance: `app-${n}`, zone: n < 18 ? "eu-1" : "eu-2", env: "prod" },
  running: false,
  ...(n % 4 === 3 ? {} : { system: n % 2 === 0 ? "shop" : "billing" }),
  ...(n % 2 === 0 ? { found: refused } : {}),
  ...more,
});

export const storm = (more: Partial<StormView> = {}): StormView => ({
  id: 3,
  openedAt: at(600),
  groups: Array.from({ length: 24 }, (_, n) =>
    n === 5
      ? group(n, { status: "resolved", firing: 0, resolvedAt: at(60) })
      : n === 7
        ? group(n, { own: { channel: "C0OPS", ts: "1795000000.000100" }, running: true })
        : group(n),
  ),
  ...more,
});

const over = (groups: readonly StormGroup[]): ThreadView =>
  thread([], { storm: storm({ endedAt: at(10), groups }) });

/** Threads of storms, by the name of their file under test/fixtures/golden/thread. */
export const STORMS: Readonly<Record<string, ThreadView>> = {
  storm: thread([], { storm: storm() }),
  "storm-over": over(
    storm().groups.map((one, n) =>
      n < 22 ? { ...one, status: "resolved" as const, firing: 0, closed: n === 1 } : one,
    ),
  ),
  "storm-gone": over(storm().groups.map((one) => ({ ...one, status: "resolved" as const, firing: 0 }))),
};
