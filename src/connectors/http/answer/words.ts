import type { Verdict } from "./shape.ts";

const words = (list: string): readonly string[] => list.trim().split(/\s+/);

/** Words services use of themselves and of their parts, spaces and dashes as `_`. What is not here says nothing. */
const VERDICTS: ReadonlyMap<string, Verdict> = new Map(
  (
    [
      [
        "healthy",
        `ok okay healthy up pass passed passing alive live ready green good online running serving operational available
         connected authenticated active success successful succeeded true yes working works normal fine nominal pong
         started server_is_ready server_is_not_shutting_down server_available all_good all_ok all_systems_operational
         standby leader follower primary replica`,
      ],
      [
        "degraded",
        `degraded warn warning yellow partial partially_available slow limited unstable impaired attention
         starting start_up initializing initialising pre_initializing loading booting warming_up migrating recovering restoring
         reconnecting restarting unassigned paused db_migration_needed db_migration_running
         draining stopping shutting_down terminating maintenance maintenance_mode under_maintenance`,
      ],
      [
        "unhealthy",
        `unhealthy down fail failed failing failure error errored erroneous dead red bad offline stopped critical fatal broken
         unavailable not_available server_not_available disconnected unauthenticated unreachable timeout timed_out expired
         out_of_service not_ready not_ok not_connected not_running not_serving not_healthy nok ko false sealed crashed
         server_is_not_ready server_is_shutting_down major_outage partial_outage refused`,
      ],
    ] as const
  ).flatMap(([verdict, list]) => words(list).map((word) => [word, verdict] as const)),
);

/** Words for a service that is on its way up, and for one that was taken out on purpose. */
const STARTING = new Set(
  words(
    "starting start_up initializing initialising pre_initializing loading booting warming_up migrating recovering restoring db_migration_running",
  ),
);
const MAINTENANCE = new Set(words("maintenance maintenance_mode under_maintenance"));

/** Longest word that is compared. */
const MOST_WORD = 60;

const normal = (word: string): string =>
  word
    .slice(0, MOST_WORD * 2)
    .trim()
    .toLowerCase()
    .replace(/[.!]$/, "")
    .replace(/[\s-]+/g, "_");

/** One word of a health answer; `unavailable: connection refused` counts by what stands before the colon. */
export function verdictOf(word: string): Verdict {
  const whole = VERDICTS.get(normal(word));
  if (whole !== undefined) return whole;
  const colon = word.indexOf(":");
  return colon > 0 && colon <= MOST_WORD
    ? (VERDICTS.get(normal(word.slice(0, colon))) ?? "unknown")
    : "unknown";
}

export const isStarting = (word: string): boolean => STARTING.has(normal(word));
/** A word, or a sentence of the kind "undergoing maintenance". */
export const isMaintenance = (word: string): boolean =>
  MAINTENANCE.has(normal(word)) ||
  /\b(undergoing|down for|closed for|in|under) (a )?((scheduled|planned|routine) )?maintenance\b/i.test(
    word.slice(0, 200),
  );
