import type { ThreadView } from "../../../src/core/words/view.ts";
import { EXHAUSTED, incident, run, step, thread } from "../../make/views.ts";

const ALERTED = {
  caller: { via: "alert" as const, name: "PostgresTooManyConnections" },
  alert: { labels: { alertname: "PostgresTooManyConnections" }, annotations: {} },
};
const GAP = step("idle", "idle sessions", {
  state: "errored",
  error: { code: "timeout", message: "no answer in 5 s" },
});

/** Runs that leave people without a cause; each is a file under test/fixtures/golden/thread. */
export const NEXT: Readonly<Record<string, ThreadView>> = {
  "next-alert-unexplained": thread([run(ALERTED)], { incident: incident() }),
  "next-alert-part-seen": thread([run({ ...ALERTED, steps: [step("usage", "connection usage"), GAP] })], {
    incident: incident(),
  }),
  "next-no-remedy": thread([run({ findings: [{ ...EXHAUSTED, evidence: [], remedies: [] }] })]),
};

/** What can be typed from there. */
export const ELSEWHERE = ["/diag sergas-agents pg-locks", "/diag sergas-agents pgbouncer-pools"];
