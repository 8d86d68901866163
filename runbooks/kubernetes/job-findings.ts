import { clip, count, type Finding } from "../../src/sdk/index.ts";
import { secondsSince } from "./case.ts";
import { failureOf, hindranceOf, type JobSight } from "./job-cause.ts";
import { canSuspend, failuresInARow, isMadeGood, isOf, type Job, type JobTarget, namedIn } from "./jobs.ts";

type Key = "fixJob" | "unblockJob" | "suspend" | "deleteJob" | "resumeJob" | "findJob";

const cronOf = (job: Job, { jobs }: JobSight) => jobs.cronJobs.find((one) => isOf(job, one));

/** Whether a job was asked about, or nothing in particular. */
const isMeant = (one: Job, { jobs }: JobSight, { namespace, job, cronJob }: JobTarget): boolean =>
  job !== undefined
    ? namedIn(jobs.jobs, job, namespace).includes(one)
    : cronJob === undefined ||
      (one.cronJob === cronJob && namedIn(jobs.cronJobs, cronJob, namespace).some((cron) => isOf(one, cron)));

/**
 * Failed jobs that are to be told: not what a later run of the same CronJob has made good, nor what is long past, unless it is
 * asked for by name; of a CronJob its newest. Pure.
 */
export function failedJobs(sight: JobSight, target: JobTarget): Job[] {
  const { jobs } = sight;
  return jobs.jobs.filter((one) => {
    if (one.state !== "failed" || !isMeant(one, sight, target)) return false;
    if (target.job !== undefined) return true;
    if (secondsSince(one.endedAt, target.now) > target.recentSeconds) return false;
    const own = cronOf(one, sight);
    if (own === undefined) return true;
    const newest = jobs.jobs.find((other) => isOf(other, own) && other.endedAt !== null);
    return newest?.uid === one.uid && !isMadeGood(one, own, jobs);
  });
}

export function jobFindings(sight: JobSight, target: JobTarget): Finding<Key>[] {
  return [
    ...failedJobs(sight, target).map((job) => failed(job, sight, target)),
    ...sight.jobs.jobs
      .filter((one) => isMeant(one, sight, target))
      .flatMap((one) => unfinished(one, sight, target)),
    ...absent(sight, target),
  ];
}

function failed(job: Job, sight: JobSight, { now }: JobTarget): Finding<Key> {
  const cron = cronOf(job, sight);
  const row = cron === undefined ? 0 : failuresInARow(cron, sight.jobs);
  const isGood = isMadeGood(job, cron, sight.jobs);
  const name = job.cronJob ?? job.name;
  const why = `${reasonOf(job)} ${failureOf(job, sight)}`.trim();
  return {
    id: `job-failed:${job.namespace}/${name}`,
    severity: isGood ? "info" : "warning",
    title: `${job.cronJob === null ? `Job ${job.name}` : `Cron job ${name}`} failed${row > 1 ? ` ${row} times in a row` : ""}${job.reason === "DeadlineExceeded" ? ": it took too long" : ""}${isGood ? ", and a later run succeeded" : ""}`,
    because: isGood
      ? `${why} Nothing is left to be done but to delete the failed job: as long as it is there, alerts of it go on.`
      : `${why}${sinceOf(cron?.lastSucceeded)}`,
    remedies: isGood
      ? ["deleteJob"]
      : ["fixJob", ...(canSuspend(cron, sight.jobs, now) ? (["suspend"] as const) : [])],
  };
}

const sinceOf = (at: string | null | undefined): string =>
  at ? ` No run of it has succeeded since ${at}.` : "";

function reasonOf({ reason, message, backoffLimit, failedPods, failedIndexes, endedAt }: Job): string {
  const at = endedAt === null ? "" : ` (${endedAt})`;
  const which = failedIndexes ? ` Its indexes ${failedIndexes} failed.` : "";
  if (reason === "DeadlineExceeded")
    return `It was ended because it ran longer than activeDeadlineSeconds allows${at}.${which}`;
  if (reason === "BackoffLimitExceeded")
    return `${count(failedPods, "pod")} failed, and no more are tried (backoffLimit ${backoffLimit})${at}.${which}`;
  return `${clip(message || reason || "It failed", 250)}${at}.${which}`;
}

/** What has not ended: held up by what is seen; of one that is asked for also that it runs, or is suspended. */
function unfinished(
  job: Job,
  sight: JobSight,
  { job: asked, now, recentSeconds }: JobTarget,
): Finding<Key>[] {
  const at = `${job.namespace}/${job.name}`;
  if (job.state === "suspended" && asked !== undefined)
    return [
      {
        id: `job-suspended:${at}`,
        severity: "info",
        title: `Job ${job.name} is suspended`,
        because: "Somebody, or a queue of jobs (Kueue), suspended it: it has no pods until it is resumed.",
        remedies: ["resumeJob"],
      },
    ];
  const held = hindranceOf(job, sight, { now, recentSeconds });
  if (held !== undefined)
    return [
      {
        id: `job-stuck:${at}`,
        severity: "warning",
        title: `Job ${job.name} ${held.title}`,
        because: held.because,
        remedies: ["unblockJob"],
        ...(job.cronJob === null ? {} : { explains: [`cron-held:${job.namespace}/${job.cronJob}`] }),
      },
    ];
  if (job.state !== "running" || asked === undefined) return [];
  return [
    {
      id: `job-running:${at}`,
      severity: "warning",
      title: `Job ${job.name} still runs`,
      because: `It began at ${job.startedAt ?? "an unknown time"} and has not ended; ${progressOf(job)}${job.failedPods} of its pods failed so far. Either it has much to do, or it waits for something: its log tells.`,
      remedies: ["unblockJob"],
    },
  ];
}

const progressOf = ({ succeeded, completions }: Job): string =>
  (completions ?? 1) > 1 && succeeded !== undefined ? `${succeeded} of ${completions} are done, ` : "";

/** Asked for by name, and not there: that it is well nobody can say. */
function absent({ jobs }: JobSight, { job, cronJob }: JobTarget): Finding<Key>[] {
  const isCron = job === undefined;
  const name = job ?? cronJob;
  const all: readonly { readonly name: string }[] = isCron ? jobs.cronJobs : jobs.jobs;
  if (name === undefined || all.some((one) => one.name === name)) return [];
  return [
    {
      id: `no-such-job:${name}`,
      severity: "info",
      title: `There is no ${isCron ? "cron job" : "job"} ${name} any more, or it is not seen through this connection`,
      because: isCron
        ? "Either it was deleted or renamed, or it is of a namespace, or beyond a selector, that the connection does not look at."
        : "A job that ended is removed after `ttlSecondsAfterFinished`, and a cron job keeps one that failed and three that succeeded by default; or it is of a namespace, or beyond a selector, that the connection does not look at. What became of it is in collected logs.",
      remedies: ["findJob"],
    },
  ];
}
