import { sayPercent } from "../../core/words/format.ts";
import type { HealthLimits, HealthTrouble, HealthWord } from "../../core/words/health.ts";
import type { ServerState } from "./actions/index.ts";

/** What a server says of itself beside answering: a login and a SELECT work on one that takes no writes, too. Pure. */
export function judgeState(state: ServerState, { thresholds }: HealthLimits): HealthWord {
  const { readOnly, superReadOnly, offlineMode, threadsConnected, maxConnections, clusterStatus } = state;
  if (clusterStatus !== null && clusterStatus !== "Primary")
    return trouble(
      `cluster: ${clusterStatus}`,
      "This node of the Galera cluster has lost the majority: it answers nobody's queries.",
      "See which nodes are away (wsrep_cluster_size, wsrep_incoming_addresses); bootstrap the most advanced one only once the others are certainly down.",
    );
  if (offlineMode === true)
    return trouble(
      "offline mode",
      "offline_mode is on: only administrators get in.",
      "Run mysql-connectivity.",
    );
  const used =
    threadsConnected === null || maxConnections === null || maxConnections === 0
      ? null
      : threadsConnected / maxConnections;
  if (used !== null && used >= Math.max(0.95, thresholds.connections))
    return trouble(
      `${threadsConnected} of ${maxConnections} connections`,
      "At the limit new clients are turned away (1040).",
      "Run mysql-connections: it says who holds them.",
    );
  // A replica is meant to be one where nobody says otherwise: that is said, and no fault.
  const mode = superReadOnly === true || readOnly === true ? "read-only" : "takes writes (none was tried)";
  return `${state.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${state.version.replace(/-.*$/, "")}, ${mode}${used === null ? "" : `, ${sayPercent(used)} of its connections`}`;
}

const trouble = (word: string, because: string, next: string): HealthTrouble => ({
  word,
  because,
  severity: "critical",
  next,
});
