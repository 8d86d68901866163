import { kubernetes, type RunContext, runbookOn, z } from "../../src/sdk/index.ts";
import { cronFindings } from "./cron-findings.ts";
import { failedIn, failedPodsOf } from "./job-cause.ts";
import { failedJobs, jobFindings } from "./job-findings.ts";
import { canSuspend, isOf, type Job, type JobTarget, namedIn } from "./jobs.ts";

const name = z.string().max(253).optional();
const params = z.object({
  namespace: name.describe("of this namespace, where several have one of that name"),
  job: name.describe("only this job"),
  cronJob: name.describe("only this cron job"),
  recentHours: z.int().min(1).max(720).default(24).describe("failures longer ago than this are history"),
});
const targetOf = ({
  now,
  params: { namespace, job, cronJob, recentHours },
}: RunContext<z.output<typeof params>>): JobTarget => ({
  ...{ now, namespace, job, cronJob },
  recentSeconds: recentHours * 3600,
});

const isTriedAgain = ({ state, failedPods }: Job): boolean => state === "running" && failedPods > 0;

/** Jobs that failed or do not get on, and cron jobs that did not run. */
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
    fromAlert: ({ namespace, job_name, cronjob }) => ({
      ...(namespace === undefined ? {} : { namespace }),
      ...(job_name === undefined ? {} : { job: job_name }),
      ...(cronjob === undefined ? {} : { cronJob: cronjob }),
    }),
    params,
  },
  () => ({ jobs: kubernetes.jobs(), pods: kubernetes.pods(), events: kubernetes.events() }),
).andThen(["jobs", "pods?"], (sight, context) => ({
  logs: kubernetes.logs({
    of: [...failedJobs(sight, targetOf(context)), ...sight.jobs.jobs.filter(isTriedAgain)]
      .flatMap((job) => failedPodsOf(job, sight))
      .flatMap((pod) => {
        const one = failedIn(pod);
        return one === undefined ? [] : [{ namespace: pod.namespace, pod: pod.name, container: one.name }];
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
            const cron = jobs.cronJobs.find((one) => isOf(job, one));
            return cron !== undefined && canSuspend(cron, jobs, context.now) ? [cron] : [];
          })
          .slice(0, 1)
          .map(({ namespace, name: of, uid }) => ({ namespace, name: of, uid, from: false, to: true })),
      { title: "Suspend the cron job until it is repaired" },
    ),
    unsuspend: book.does(
      kubernetes.setSuspended,
      ["jobs"],
      ({ jobs }, { params: { cronJob = "", namespace } }) =>
        namedIn(jobs.cronJobs, cronJob, namespace)
          .filter(({ suspended }) => suspended)
          .slice(0, 1)
          .map(({ namespace, name: of, uid }) => ({ namespace, name: of, uid, from: true, to: false })),
      { title: "Let the cron job run again" },
    ),
    fixJob: book.advises(
      "Repair what the job fails of, then run it again",
      "low",
      "A finished job is not tried again: `kubectl create job --from=cronjob/NAME NAME-manual-1`, or apply it anew under another name. See first whether it may run twice (migrations, invoices).",
    ),
    unblockJob: book.advises(
      "Take away what the job waits for",
      "low",
      "It goes on by itself once that is gone; deleting and making it anew begins its work from the start. `kubectl describe job NAME` and the log of its pod say what it waits for: a quota (raise it, or lower its requests), an image, a volume, a lock that another run holds. k8s-workload looks at its pods.",
    ),
    deleteJob: book.advises(
      "Delete the failed job",
      "low",
      "`kubectl delete job NAME`: a later run has succeeded, and nothing else ends alerts of the failed one. `failedJobsHistoryLimit: 0`, or `ttlSecondsAfterFinished`, lets it go by itself.",
    ),
    resumeJob: book.advises(
      "See who suspended it, or resume it",
      "low",
      'Of Kueue: `kubectl get workloads` says what it waits for. Otherwise `kubectl patch job NAME -p \'{"spec":{"suspend":false}}\'`.',
    ),
    findJob: book.advises(
      "Look where it is, and correct the alert",
      "low",
      "`kubectl get jobs,cronjobs -A | grep NAME`. An alert of a job that is gone ends by itself with its series.",
    ),
    fixOverlap: book.advises(
      "Let a run end before the next is due",
      "low",
      "Either give it more time between runs, or find what it waits for (its log); `activeDeadlineSeconds` ends a run that hangs, so that the next gets its turn. `concurrencyPolicy: Forbid` where two must not run at once.",
    ),
    fixCron: book.advises(
      "Find out why it was not started",
      "low",
      "`kubectl describe cronjob NAME` (events MissSchedule, TooManyMissedTimes, JobAlreadyActive); whether kube-controller-manager runs; `startingDeadlineSeconds` below ten seconds is never met.",
    ),
  })
  .findings((find) => [
    find(["jobs", "pods?", "events?", "logs?"], (sight, context) => jobFindings(sight, targetOf(context))),
    find(["jobs", "pods?", "events?"], (sight, context) => cronFindings(sight, targetOf(context))),
  ]);
