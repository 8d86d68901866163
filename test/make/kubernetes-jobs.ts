import type { Event, Pod } from "../../runbooks/kubernetes/case.ts";
import { cronFindings } from "../../runbooks/kubernetes/cron-findings.ts";
import { jobFindings } from "../../runbooks/kubernetes/job-findings.ts";
import type { CronJob, Job } from "../../runbooks/kubernetes/jobs.ts";

export const NOW = new Date("2026-11-30T12:00:00Z");
export const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();

export const job = (name: string, more: Partial<Job> = {}): Job => ({
  ...{ namespace: "shop", name, uid: name, cronJob: null, createdAt: ago(30), startedAt: ago(30) },
  ...{ state: "running", endedAt: null, reason: "", message: "", failedPods: 0, backoffLimit: 6 },
  ...more,
});
export const failed = (name: string, more: Partial<Job> = {}) =>
  job(name, { state: "failed", endedAt: ago(10), reason: "BackoffLimitExceeded", failedPods: 1, ...more });
export const cron = (more: Partial<CronJob> = {}): CronJob => ({
  ...{
    namespace: "shop",
    name: "report",
    uid: "report",
    schedule: "0 * * * *",
    timeZone: null,
    suspended: false,
  },
  ...{ concurrency: "Forbid", active: 0, createdAt: ago(10_000), lastScheduled: ago(0), lastSucceeded: null },
  ...more,
});
type Container = Pod["containers"][number];
export const container = (name: string, more: Partial<Container> = {}): Container => ({
  ...{ name, role: "main", image: "img:1", state: "running", reason: "", message: "", startedAt: ago(30) },
  ...{ ready: true, restarts: 0, ended: null, last: null, memoryLimit: null, memoryRequest: null },
  ...{ cpuLimit: null, cpuRequest: null, liveness: "", readiness: "", startup: "" },
  ...more,
});
export const ended = (exitCode: number, minutes = 5): Partial<Container> => ({
  ...{ state: "terminated", ready: false },
  ended: {
    exitCode,
    signal: null,
    reason: exitCode === 0 ? "Completed" : "Error",
    message: "",
    startedAt: ago(9),
    finishedAt: ago(minutes),
  },
});
export const pod = (of: string, more: Partial<Pod> = {}): Pod => ({
  ...{
    namespace: "shop",
    name: `${of}-abc12`,
    uid: `${of}-pod`,
    owner: { kind: "Job", name: of },
    isControlled: true,
  },
  ...{
    node: "n",
    phase: "Running",
    reason: "",
    message: "",
    createdAt: ago(30),
    deletedAt: null,
    graceSeconds: null,
  },
  ...{ finalizers: [], ready: true, readySince: ago(29), unschedulable: "", restartPolicy: "Never" },
  containers: [container("main")],
  ...more,
});
export const event = (kind: string, name: string, reason: string, message: string): Event => ({
  ...{
    namespace: "shop",
    kind,
    name,
    uid: "",
    field: "",
    isWarning: true,
    reason,
    message,
    count: 1,
    at: ago(5),
  },
});

export interface World {
  readonly jobs?: Job[];
  readonly crons?: CronJob[];
  readonly pods?: Pod[];
  readonly events?: Event[];
  readonly asked?: { readonly job?: string; readonly cronJob?: string; readonly namespace?: string };
}
/** What the runbook finds where these are there. */
export function found({ jobs = [], crons = [], pods = [], events = [], asked = {} }: World) {
  const sight = {
    jobs: { jobs, cronJobs: crons, notSeen: [] },
    pods: { namespaces: ["shop"], total: pods.length, well: 0, pods, notSeen: [] },
    events: { events },
  };
  const target = { now: NOW, recentSeconds: 86_400, ...asked };
  return [...jobFindings(sight, target), ...cronFindings(sight, target)];
}
export const titles = (world: World) => found(world).map(({ title }) => title);
export const told = (world: World) =>
  found(world)
    .map(({ title, because }) => `${title}. ${because}`)
    .join("\n");
