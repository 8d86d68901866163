/**
 * What a key of a health body is for: a word means something only with its key (`log_level: "error"` is a setting,
 * `timed_out: false` is good news). Keys are compared in lower case, camelCase and dashes as `_`.
 */
const set = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** Hold the service's or a part's own word, in this order. */
export const OWN_WORD: readonly string[] = [
  "status",
  "state",
  "health",
  "health_status",
  "overall_status",
  "overall",
  "healthy",
  "is_healthy",
  "ok",
  "alive",
  "ready",
  "up",
  "available",
  "reachable",
  "passed",
  "success",
  "working",
  "serf_status",
  "global_status",
];
/** Among them those that a number or anything but a word may stand under. */
export const STATUS_NUMBER = set("status status_code code");

/** Hold the parts: Spring, terminus, health+json, ASP.NET, MicroProfile, Artifactory, hand-made. */
export const PARTS = set(
  "components checks check_results services dependencies details entries results servers tasks connectors connector subsystems probes indicators backends nodes health_checks dependency_statuses",
);
/** Hold what failed, and nothing else: anything in them is a bad part. */
export const FAILURES = set(
  "failures failed_checks problems unhealthy_components unhealthy_services failing",
);
/** An envelope: what it holds is the answer. */
export const ENVELOPE = set("data result payload response body");
/** `true` is the bad news. */
const BAD_IF_TRUE = set(
  "timed_out timeout error errors has_error has_errors failed is_failed degraded is_degraded down is_down unhealthy maintenance maintenance_mode in_maintenance sealed starting initializing draining stopping shutting_down is_shutting_down read_only readonly stale overloaded needs_db_upgrade crashed stuck deadlocked",
);
/** Say what a service is or how it is set, not how it does. */
const NO_STATE = set(
  "name title id uuid type kind version build release revision commit branch tag env environment stage profile profiles host hostname node instance pod region zone cluster cluster_name message msg description detail output note notes reason info cause causes color colour theme mode level severity action policy strategy role plan tier channel locale language lang time timestamp date now uptime since started_at duration response_time latency path url uri endpoint default fallback feature features flags config configuration settings options meta metadata data tags labels links groups group application app service_name debug verbose enabled optional required trace leader voter standby performance_standby initialized replication authenticated_user server_time checked_at maintenance_window",
);
const NO_STATE_ENDS =
  /(^|_)(level|mode|policy|severity|colou?r|theme|strategy|action|env|environment|type|format|profile|tier|plan|version|message|reason|name|id|at|time|timestamp|count|total|url|uri|host|path|default|fallback|handler|behaviou?r|window|threshold|limit|enabled|only|required|optional|supported|allowed)$/;
const NO_STATE_BEGINS =
  /^(last|previous|prev|old|on|if|is_enabled|default|log|fallback|max|min|allow|use|with|enable|disable|show|skip)_/;

export const plainKey = (key: string): string =>
  key
    .slice(0, 100)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[-\s]/g, "_");

/** `true` tells a role: bad news only where the service does not say itself that it is well (a replica is read-only). */
const ROLES = set("read_only readonly");
export const isRole = (key: string): boolean => ROLES.has(key);

/** Names of what services depend on: a `false` under one is no setting. */
const DEPENDENCY =
  /(^|_)(db|database|postgres|postgresql|mysql|mariadb|mongo|mongodb|redis|cache|queue|broker|rabbit|rabbitmq|kafka|storage|disk|smtp|search|elasticsearch|opensearch|connected|connection|connections)(_|$)/;
export const isDependency = (key: string): boolean => DEPENDENCY.test(key);

export const isBadIfTrue = (key: string): boolean => BAD_IF_TRUE.has(key);

/** Whether the key may name a part of the service: `zoho`, `database_status`. */
export const mayBePart = (key: string): boolean =>
  !NO_STATE.has(key) && !NO_STATE_ENDS.test(key) && !NO_STATE_BEGINS.test(key) && !OWN_WORD.includes(key);
