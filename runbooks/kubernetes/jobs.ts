import type { kubernetes, OutputOf } from "../../src/sdk/index.ts";
import { timesDue } from "./cron.ts";

export type Jobs = OutputOf<typeof kubernetes.jobs>;
export type Job = Jobs["jobs"][number];
export type CronJob = Jobs["cronJobs"][number];

/** What was asked about. */
export interface JobTarget {
  readonly namespace?: string | undefined;
  readonly job?: string | undefined;
  readonly cronJob?: string | undefined;
  readonly recentSeconds: number;
  readonly now: Date;
}

/** Failures in a row after which a schedule only repeats what does not work. */
const IN_A_ROW = 3;

export const isOf = (job: Job, { namespace, name }: CronJob): boolean =>
  job.cronJob === name && job.namespace === namespace;

/** Those of that name: of the namespace where it has one. An alert's may be that of its exporter. */
export function namedIn<T extends { readonly namespace: string; readonly name: string }>(
  all: readonly T[],
  name: string,
  namespace: string | undefined,
): readonly T[] {
  const found = all.filter((one) => one.name === name);
  const here = found.filter((one) => one.namespace === namespace);
  return here.length > 0 ? here : found;
}

/** The newest jobs of a CronJob that ended, newest first. How many are kept it says itself: one that failed, by default. */
const endedOf = (one: CronJob, { jobs }: Jobs): readonly Job[] =>
  jobs.filter((job) => isOf(job, one) && (job.state === "failed" || job.state === "complete"));

/** A run of its CronJob has succeeded since this one failed, whether it is still kept or not. */
export function isMadeGood(job: Job, cron: CronJob | undefined, jobs: Jobs): boolean {
  if (cron === undefined) return false;
  const ended = endedOf(cron, jobs);
  return (
    Date.parse(cron.lastSucceeded ?? "") > Date.parse(job.endedAt ?? "") ||
    ended.slice(0, ended.indexOf(job)).some(({ state }) => state === "complete")
  );
}

/** How many of the newest runs that are kept failed one after the other. */
export function failuresInARow(one: CronJob, jobs: Jobs): number {
  const ended = endedOf(one, jobs);
  const good = ended.findIndex((job) => job.state === "complete" || isMadeGood(job, one, jobs));
  return good < 0 ? ended.length : good;
}

/** Whether the schedule only repeats what does not work: by the runs that are kept, or by how often it was due since one succeeded. */
export function canSuspend(cron: CronJob | undefined, jobs: Jobs, now: Date): boolean {
  if (cron === undefined || cron.suspended) return false;
  const row = failuresInARow(cron, jobs);
  if (row === 0 || cron.lastSucceeded === null) return row >= IN_A_ROW;
  const since = new Date(cron.lastSucceeded);
  const zone = cron.timeZone ?? undefined;
  return row >= IN_A_ROW || (timesDue(cron.schedule, { since, now, zone, most: IN_A_ROW }) ?? 0) >= IN_A_ROW;
}
