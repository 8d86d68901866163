import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { listEverywhere, newest } from "../api/list.ts";
import { CRON_JOBS, RESOURCES } from "../api/paths.ts";
import { CronJob, Job } from "../api/shapes.ts";
import { managerOf } from "./managed-by.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const moment = z.string().nullable();

/** One job and what came of it. */
export const JobSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  /** The CronJob that made it; null: somebody else did. */
  cronJob: z.string().nullable(),
  createdAt: moment,
  startedAt: moment,
  state: z.enum(["running", "complete", "failed", "suspended"]),
  /** When it ended. */
  endedAt: moment,
  /** BackoffLimitExceeded, DeadlineExceeded, PodFailurePolicy; empty unless it failed. */
  reason: z.string(),
  message: z.string(),
  failedPods: z.number(),
  backoffLimit: z.number(),
  /** Of an indexed job: what failed, e.g. `1,3-5`; empty: none. Absent in recordings from before, as what follows. */
  failedIndexes: z.string().optional(),
  /** Pods that succeeded, and how many must; null: it is done with the first that succeeds. */
  succeeded: z.number().optional(),
  completions: z.number().nullable().optional(),
});
export type JobSeen = z.output<typeof JobSeen>;

export const CronJobSeen = z.object({
  namespace: z.string(),
  name: z.string(),
  uid: z.string(),
  schedule: z.string(),
  timeZone: z.string().nullable(),
  suspended: z.boolean(),
  concurrency: z.string(),
  /** Jobs of it that run at the moment. */
  active: z.number(),
  createdAt: moment,
  lastScheduled: moment,
  /** Since 1.21; null: never, or an older server. */
  lastSucceeded: moment,
  /** A run that could not begin within so many seconds is left out; null: never. Absent in recordings from before, as what follows. */
  deadlineSeconds: z.number().nullable().optional(),
  /** Who says that it looks after it, see `kubernetes.workloads`. */
  managedBy: z.string().optional(),
});
export type CronJobSeen = z.output<typeof CronJobSeen>;

/** Jobs, newest first, and CronJobs (batch/v1, or v1beta1 of servers before 1.21). Finished jobs are kept for a while only. */
export const jobs = read({
  name: "kubernetes.jobs",
  title: "Lists jobs and cron jobs",
  input: z.strictObject({}),
  output: z.object({ jobs: z.array(JobSeen), cronJobs: z.array(CronJobSeen), notSeen }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const of = { labelSelector: client.settings.selector };
    const [made, timed] = await Promise.all([
      listEverywhere(client, Job, RESOURCES.jobs, of, context),
      newest(CRON_JOBS, (resource) => listEverywhere(client, CronJob, resource, of, context)),
    ]);
    const all = made.items.map(jobSeen).sort((a, b) => ((a.createdAt ?? "") < (b.createdAt ?? "") ? 1 : -1));
    return {
      jobs: all.slice(0, 250),
      cronJobs: timed.items.slice(0, 200).map(cronJobSeen),
      notSeen: [
        ...made.notSeen,
        ...timed.notSeen,
        ...(all.length > 250 ? [{ what: `${all.length - 250} older jobs`, why: "250 are looked at" }] : []),
      ],
    };
  },
});

function jobSeen({ metadata, spec, status }: z.output<typeof Job>): JobSeen {
  const is = (type: string) => status?.conditions?.find((one) => one.type === type && one.status === "True");
  const [failed, complete] = [is("Failed"), is("Complete")];
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    uid: metadata.uid,
    cronJob: metadata.ownerReferences?.find(({ kind }) => kind === "CronJob")?.name ?? null,
    createdAt: metadata.creationTimestamp ?? null,
    startedAt: status?.startTime ?? null,
    state: failed ? "failed" : complete ? "complete" : spec.suspend === true ? "suspended" : "running",
    endedAt: failed?.lastTransitionTime ?? status?.completionTime ?? complete?.lastTransitionTime ?? null,
    reason: clip(failed?.reason ?? "", 60),
    message: clip(failed?.message ?? "", 300),
    backoffLimit: spec.backoffLimit ?? 6,
    completions: spec.completions ?? null,
    ...countsOf(status),
  };
}

const countsOf = (status: z.output<typeof Job>["status"]) => ({
  failedPods: status?.failed ?? 0,
  failedIndexes: clip(status?.failedIndexes ?? "", 100),
  succeeded: status?.succeeded ?? 0,
});

const cronJobSeen = ({ metadata, spec, status }: z.output<typeof CronJob>): CronJobSeen => ({
  namespace: metadata.namespace ?? "",
  name: metadata.name,
  uid: metadata.uid,
  schedule: clip(spec.schedule, 100),
  timeZone: spec.timeZone ?? null,
  suspended: spec.suspend === true,
  concurrency: spec.concurrencyPolicy ?? "Allow",
  active: status?.active?.length ?? 0,
  createdAt: metadata.creationTimestamp ?? null,
  lastScheduled: status?.lastScheduleTime ?? null,
  lastSucceeded: status?.lastSuccessfulTime ?? null,
  deadlineSeconds: spec.startingDeadlineSeconds ?? null,
  managedBy: managerOf(metadata),
});
