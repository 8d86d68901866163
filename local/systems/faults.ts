import { type Fault, fault } from "../faults/fault.ts";
import { connectionsTaken, LIMITS } from "../faults/rules.ts";
import type { LiveSystem } from "./spec.ts";

const LEAK = "report-worker";
/** More than the server has. */
const SESSIONS = 40;

/** Sessions are left open until the server takes no more. `alertname`: what the example calls it, or the runbook's own. */
export const leakedSessions = (alertname = "PostgresTooManyConnections"): Fault<LiveSystem> =>
  fault<LiveSystem>({
    id: "leaked-sessions",
    title: "Leak every database connection",
    description: "A report worker leaves its sessions open until nobody else can connect.",
    runbook: "pg-pool-exhausted",
    expects: { finding: "slots-taken", remedy: "terminateIdle" },
    rule: {
      ...connectionsTaken("The database is running out of connections"),
      alertname,
      forSeconds: LIMITS.idleSeconds + 2,
    },
    break: async (system) => {
      for (let opened = 0; opened < SESSIONS; opened++)
        if (await system.session(LEAK).then(() => false, isRefused)) return;
    },
    heal: (system) => system.closeSessions(LEAK),
  });

/** 53300: the server has as many sessions as it takes. */
function isRefused(error: { code?: string }): boolean {
  if (error.code === "53300") return true;
  throw error;
}
