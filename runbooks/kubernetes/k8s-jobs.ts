import { kubernetes, type RunContext, runbookOn, z } from "../../src/sdk/index.ts";
import {
  canSuspend,
  cronFindings,
  failedJobs,
  failuresInARow,
  type JobTarget,
  jobFindings,
  podOf,
} from "./job-findings.ts";

const name = z.string().max(253).optional();
const params = z.object({
  job: name.describe("only this job"),
  cronJob: name.describe("only this cron job"),
  recentHours: z.int().min(1).max(720).default(24).describe("failures longer ago than this are history"),
});
const targetOf = ({
  now,
  params: { job, cronJob, recentHours },
}: RunContext<z.output<typeof params>>): JobTarget => ({
  now,
  job,
  cronJob,
  recentSeconds: recentHours * 3600,
});

/** Jobs that failed, and cron jobs that did not run. */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-jobs",
    title: "Kubernetes jobs",
    alerts: [
      "KubeJobFailed",
      "KubeJobNotCompleted",
      "KubeCronJobRunning",
      "KubernetesJobFailed",
      "KubernetesCronjobSuspended",
      "KubernetesCronjobTooLong",
    ],
    fromAlert: ({ job_name, cronjob }) => ({
      ...(job_name === undefined ? {} : { job: job_name }),
      ...(cronjob === undefined ? {} : { cronJob: cronjob }),
    }),
    params,
  },
  () => ({ jobs: kubernetes.jobs(), pods: kubernetes.pods() }),
).andThen(["jobs", "pods?"], (sight, context) => ({
  logs: kubernetes.logs({
    of: failedJobs(sight, targetOf(context))
      .flatMap((job) => {
        const pod = podOf(job, sight);
        const one = pod?.containers.find(({ ended }) => ended !== null && ended.exitCode !== 0);
        return pod === undefined || one === undefined
          ? []
          : [{ namespace: pod.namespace, pod: pod.name, container: one.name }];
      })
      .slice(0, 12),
  }),
}));

export const k8sJobs = book
  .remedies({
    suspend: book.does(
      kubernetes.setSuspended,
      ["jobs"],
      ({ jobs }, context) =>
        failedJobs({ jobs }, targetOf(context))
          .flatMap((job) => {
            const cron = jobs.cronJobs.find(
              (one) => one.name === job.cronJob && one.namespace === job.namespace,
            );
            return cron !== undefined && canSuspend(cron, failuresInARow(cron, jobs)) ? [cron] : [];
          })
          .slice(0, 1)
          .map(({ namespace, name: of, uid }) => ({ namespace, name: of, uid, from: false, to: true })),
      { title: "Suspend the cron job until it is repaired" },
    ),
    unsuspend: book.does(
      kubernetes.setSuspended,
      ["jobs"],
      ({ jobs }, { params: { cronJob } }) =>
        jobs.cronJobs
          .filter(({ name: of, suspended }) => suspended && of === cronJob)
          .slice(0, 1)
          .map(({ namespace, name: of, uid }) => ({ namespace, name: of, uid, from: true, to: false })),
      { title: "Let the cron job run again" },
    ),
    fixJob: book.advises(
      "Repair what the job fails of, then run it again",
      "low",
      "A finished job is not tried again: `kubectl create job --from=cronjob/NAME NAME-manual-1`, or apply it anew under another name. See first whether it may run twice (migrations, invoices).",
    ),
    fixCron: book.advises(
      "Find out why it was not started",
      "low",
      "`kubectl describe cronjob NAME` (events MissSchedule, TooManyMissedTimes, JobAlreadyActive); whether kube-controller-manager runs; `startingDeadlineSeconds` below ten seconds is never met.",
    ),
  })
  .findings((find) => [
    find(["jobs", "pods?", "logs?"], (sight, context) => jobFindings(sight, targetOf(context))),
    find(["jobs"], (sight, context) => cronFindings(sight, targetOf(context))),
    find(["jobs"], ({ jobs }, { params: { job } }) => {
      const one = jobs.jobs.find(({ name: of, state }) => of === job && state === "running");
      return (
        one !== undefined && {
          id: `job-running:${one.namespace}/${one.name}`,
          severity: "warning",
          title: `Job ${one.name} still runs`,
          because: `It began at ${one.startedAt ?? "an unknown time"} and has not ended; ${one.failedPods} of its pods failed so far. Either it has much to do, or it waits for something: its log tells.`,
          remedies: ["fixJob"],
        }
      );
    }),
  ]);
