import { clip, count, type Finding, type postgres, sayDuration } from "../../src/sdk/index.ts";

/** A commit over a slow line takes its time; one that waits for nobody does so for ever. */
const LONG_SECONDS = 5;

/** Commits that wait for a synchronous standby which is not there, or does not confirm; and those that will. Pure. */
export function commitFinding(
  commits: postgres.SynchronousCommits | null | undefined,
): Finding<"syncAgain"> | undefined {
  if (commits === null || commits === undefined) return undefined;
  const { names, standbys, waiting, longestSeconds } = commits;
  const isStuck = waiting > 0 && (longestSeconds ?? 0) >= LONG_SECONDS;
  if (standbys > 0 && !isStuck) return undefined;
  return {
    id: "commits-wait",
    severity: waiting > 0 ? "critical" : "warning",
    title:
      waiting > 0
        ? sayWaiting(commits)
        : "No synchronous standby is connected: the next commit will wait for one",
    because: `synchronous_standby_names is ${clip(names, 100)}, and ${sayStandbys(standbys)}: each commit is written here and then waits until it is confirmed there. Reads work, writes seem to hang, and nothing holds a lock that could be ended.`,
    remedies: ["syncAgain"],
  };
}

function sayWaiting({ waiting, longestSeconds }: postgres.SynchronousCommits): string {
  const since =
    longestSeconds === null ? "" : `, the longest for ${sayDuration(Math.round(longestSeconds) * 1000)}`;
  return `${count(waiting, "commit")} ${waiting === 1 ? "waits" : "wait"} for a synchronous standby${since}`;
}

const sayStandbys = (standbys: number): string =>
  standbys === 0
    ? "no standby that counts for it is connected"
    : `${count(standbys, "standby", "standbys")} that counts for it ${standbys === 1 ? "is" : "are"} connected without confirming`;

export const SYNC_AGAIN =
  "Bring the standby back, or look why it does not confirm (its disk, its network; its application_name must be in the list). If it is gone for good and the loss of what only this server has is acceptable: ALTER SYSTEM SET synchronous_standby_names = '' (or the name of another one), then SELECT pg_reload_conf(); what waits ends at once. Do not cancel or terminate what waits: it becomes visible as committed though no standby has it.";
