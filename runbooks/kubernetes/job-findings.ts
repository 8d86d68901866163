import {
  clip,
  count,
  type Finding,
  type kubernetes,
  type OutputOf,
  sayDuration,
} from "../../src/sdk/index.ts";
import { type Pod, type Sight, secondsSince } from "./case.ts";
import { lastDue } from "./cron.ts";
import { exitCause } from "./exit-cause.ts";

export type Jobs = OutputOf<typeof kubernetes.jobs>;
export type Job = Jobs["jobs"][number];
export type CronJob = Jobs["cronJobs"][number];
export type JobSight = Partial<Omit<Sight, "jobs">> & { readonly jobs: Jobs };
type Key = "fixJob" | "suspend" | "unsuspend" | "fixCron";

export interface JobTarget {
  readonly job?: string | undefined;
  readonly cronJob?: string | undefined;
  readonly recentSeconds: number;
  readonly now: Date;
}

/** Failures in a row after which a schedule only repeats what does not work. */
const IN_A_ROW = 3;
/** What a due run may be late: the controller looks every ten seconds, and a node needs its time. */
const LATE_SECONDS = 300;

const isOf = (job: Job, { namespace, name }: CronJob): boolean =>
  job.cronJob === name && job.namespace === namespace;

/** The newest jobs of a CronJob that ended, newest first. */
const endedOf = (one: CronJob, { jobs }: Jobs): readonly Job[] =>
  jobs.filter((job) => isOf(job, one) && (job.state === "failed" || job.state === "complete"));

/** How many of the newest runs failed one after the other. */
export function failuresInARow(one: CronJob, jobs: Jobs): number {
  const ended = endedOf(one, jobs);
  const good = ended.findIndex(({ state }) => state === "complete");
  return good < 0 ? ended.length : good;
}

/** Failed jobs that are to be told: not what a later run of the same CronJob has made good, nor what is long past. Pure. */
export function failedJobs({ jobs }: JobSight, target: JobTarget): Job[] {
  const { job, cronJob, recentSeconds, now } = target;
  return jobs.jobs.filter((one) => {
    if (one.state !== "failed") return false;
    if (job !== undefined) return one.name === job;
    if (cronJob !== undefined && one.cronJob !== cronJob) return false;
    if (secondsSince(one.endedAt, now) > recentSeconds) return false;
    const own = jobs.cronJobs.find((other) => isOf(one, other));
    return own === undefined || endedOf(own, jobs)[0]?.uid === one.uid;
  });
}

/** The pod of a job that failed last. */
export const podOf = (job: Job, { pods }: JobSight): Pod | undefined =>
  pods?.pods.find(
    ({ namespace, owner, phase }) =>
      namespace === job.namespace && owner?.kind === "Job" && owner.name === job.name && phase === "Failed",
  );

export function jobFindings(sight: JobSight, target: JobTarget): Finding<Key>[] {
  return failedJobs(sight, target).map((job) => {
    const cron = sight.jobs.cronJobs.find((one) => isOf(job, one));
    const row = cron === undefined ? 0 : failuresInARow(cron, sight.jobs);
    const name = job.cronJob ?? job.name;
    return {
      id: `job-failed:${job.namespace}/${name}`,
      severity: "warning",
      title: `${job.cronJob === null ? `Job ${job.name}` : `Cron job ${name}`} failed${row > 1 ? ` ${row} times in a row` : ""}${job.reason === "DeadlineExceeded" ? ": it took too long" : ""}`,
      because: `${reasonOf(job)} ${causeOf(job, sight)}`.trim(),
      remedies: ["fixJob", ...(canSuspend(cron, row) ? (["suspend"] as const) : [])],
    };
  });
}

export const canSuspend = (cron: CronJob | undefined, row: number): boolean =>
  cron !== undefined && !cron.suspended && row >= IN_A_ROW;

function reasonOf({ reason, message, backoffLimit, failedPods, endedAt }: Job): string {
  const at = endedAt === null ? "" : ` (${endedAt})`;
  if (reason === "DeadlineExceeded")
    return `It was ended because it ran longer than activeDeadlineSeconds allows${at}.`;
  if (reason === "BackoffLimitExceeded")
    return `${count(failedPods, "pod")} failed, and no more are tried (backoffLimit ${backoffLimit})${at}.`;
  return `${clip(message || reason || "It failed", 250)}${at}.`;
}

function causeOf(job: Job, sight: JobSight): string {
  const pod = podOf(job, sight);
  const one = pod?.containers.find(({ ended }) => ended !== null && ended.exitCode !== 0);
  if (pod === undefined || one === undefined) return "Its pods are gone: why is only in collected logs.";
  if (one.ended?.reason === "OOMKilled")
    return `Its container ${one.name} was killed for memory (OOMKilled).`;
  const log = sight.logs?.logs.find((other) => other.pod === pod.name && other.container === one.name);
  return exitCause(one, log).because;
}

/** CronJobs that did not run when they were due. One that is suspended, or whose run before still runs, did not miss it. Pure. */
export function cronFindings({ jobs }: JobSight, { cronJob, now }: JobTarget): Finding<Key>[] {
  return jobs.cronJobs
    .filter(({ name }) => cronJob === undefined || name === cronJob)
    .flatMap((one): Finding<Key>[] => {
      if (one.suspended) return cronJob === undefined ? [] : [suspended(one)];
      const due =
        one.timeZone === null
          ? lastDue(one.schedule, new Date(now.getTime() - LATE_SECONDS * 1000))
          : undefined;
      if (due === undefined || one.active > 0 || Date.parse(one.createdAt ?? "") > due.getTime()) return [];
      if (one.lastScheduled !== null && Date.parse(one.lastScheduled) >= due.getTime()) return [];
      return [missed(one, due, now)];
    });
}

const suspended = (one: CronJob): Finding<Key> => ({
  id: `cron-suspended:${one.namespace}/${one.name}`,
  severity: "info",
  title: `Cron job ${one.name} is suspended`,
  because: `Somebody suspended it: it does not run until it is resumed.${one.lastScheduled === null ? "" : ` It ran last at ${one.lastScheduled}.`}`,
  remedies: ["unsuspend"],
});

const missed = (one: CronJob, due: Date, now: Date): Finding<Key> => ({
  id: `cron-missed:${one.namespace}/${one.name}`,
  severity: "warning",
  title: `Cron job ${one.name} did not run when it was due`,
  because: `By its schedule (${one.schedule}, taken as UTC) it was due at ${due.toISOString()}, ${sayDuration(now.getTime() - due.getTime())} ago; ${one.lastScheduled === null ? "it never ran" : `it ran last at ${one.lastScheduled}`}. Either the controller manager does not run or is behind, or it missed the run by more than startingDeadlineSeconds, or the cluster's schedules are in another time zone.`,
  remedies: ["fixCron"],
});
