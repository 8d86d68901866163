import { describe, expect, it } from "vitest";
import type { Event, Pod } from "../../../../runbooks/kubernetes/case.ts";
import { lastDue, timesDue } from "../../../../runbooks/kubernetes/cron.ts";
import { cronFindings } from "../../../../runbooks/kubernetes/cron-findings.ts";
import { failedJobs, jobFindings } from "../../../../runbooks/kubernetes/job-findings.ts";
import { type CronJob, canSuspend, type Job } from "../../../../runbooks/kubernetes/jobs.ts";
import { k8sJobs } from "../../../../runbooks/kubernetes/k8s-jobs.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000).toISOString();

const job = (name: string, more: Partial<Job> = {}): Job => ({
  ...{ namespace: "shop", name, uid: name, cronJob: null, createdAt: ago(30), startedAt: ago(30) },
  ...{ state: "running", endedAt: null, reason: "", message: "", failedPods: 0, backoffLimit: 6 },
  ...more,
});
const failed = (name: string, more: Partial<Job> = {}) =>
  job(name, { state: "failed", endedAt: ago(10), reason: "BackoffLimitExceeded", failedPods: 1, ...more });
const cron = (more: Partial<CronJob> = {}): CronJob => ({
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
const container = (name: string, more: Partial<Container> = {}): Container => ({
  ...{ name, role: "main", image: "img:1", state: "running", reason: "", message: "", startedAt: ago(30) },
  ...{ ready: true, restarts: 0, ended: null, last: null, memoryLimit: null, memoryRequest: null },
  ...{ cpuLimit: null, cpuRequest: null, liveness: "", readiness: "", startup: "" },
  ...more,
});
const ended = (exitCode: number, minutes = 5): Partial<Container> => ({
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
const pod = (of: string, more: Partial<Pod> = {}): Pod => ({
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
const event = (kind: string, name: string, reason: string, message: string): Event => ({
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

interface World {
  readonly jobs?: Job[];
  readonly crons?: CronJob[];
  readonly pods?: Pod[];
  readonly events?: Event[];
  readonly asked?: { readonly job?: string; readonly cronJob?: string; readonly namespace?: string };
}
function found({ jobs = [], crons = [], pods = [], events = [], asked = {} }: World) {
  const sight = {
    jobs: { jobs, cronJobs: crons, notSeen: [] },
    pods: { namespaces: ["shop"], total: pods.length, well: 0, pods, notSeen: [] },
    events: { events },
  };
  const target = { now: NOW, recentSeconds: 86_400, ...asked };
  return [...jobFindings(sight, target), ...cronFindings(sight, target)];
}
const titles = (world: World) => found(world).map(({ title }) => title);
const told = (world: World) =>
  found(world)
    .map(({ title, because }) => `${title}. ${because}`)
    .join("\n");

describe("a job that failed", () => {
  it.each([
    [
      "Evicted",
      "The node was low on resource: ephemeral-storage.",
      /kubelet took its pod away.*ephemeral-storage/s,
    ],
    ["Terminated", "Pod was terminated in response to imminent node shutdown.", /Its node was shut down/],
    ["Preempting", "Preempted in order to admit critical pod", /higher priority/],
    ["OutOfcpu", "Node didn't have enough resource: cpu", /too little CPU/],
  ])(
    "because its pod was ended as %s is not to blame, and its pods are not gone",
    (reason, message, says) => {
      const pods = [pod("import", { phase: "Failed", reason, message, containers: [] })];
      expect(told({ jobs: [failed("import")], pods })).toMatch(says);
      expect(told({ jobs: [failed("import")], pods })).not.toContain("pods are gone");
    },
  );

  it("says what the newest of its failed pods says", () => {
    const one = (name: string, code: number, minutes: number) =>
      pod("import", { name, phase: "Failed", containers: [container("main", ended(code, minutes))] });
    const pods = [one("import-aaaaa", 127, 20), one("import-zzzzz", 1, 2)];
    expect(told({ jobs: [failed("import")], pods })).toContain("exit code 1)");
  });

  it("never began, where its time was over before its pod could be placed: the event is what is left", () => {
    const jobs = [failed("import", { reason: "DeadlineExceeded" })];
    const events = [
      event("Pod", "import-abc12", "FailedScheduling", "0/3 nodes are available: 3 Insufficient memory."),
      event("Pod", "import-later-abc12", "FailedScheduling", "another job's"),
    ];
    expect(told({ jobs, events })).toMatch(
      /it took too long.*event of them is left \(FailedScheduling\): 0\/3 nodes/s,
    );
  });

  it("of an indexed job says which", () => {
    expect(
      told({
        jobs: [
          failed("import", {
            reason: "FailedIndexes",
            message: "Job has failed indexes",
            failedIndexes: "1,3-5",
          }),
        ],
      }),
    ).toContain("Its indexes 1,3-5 failed");
  });

  it("and whose cron job succeeded since, kept or not, is no news; asked for by name it is said to be over", () => {
    const jobs = [failed("report-1", { cronJob: "report", endedAt: ago(50) })];
    const crons = [cron({ lastSucceeded: ago(5) })];
    expect(titles({ jobs, crons })).toEqual([]);
    const [one] = found({ jobs, crons, asked: { job: "report-1" } });
    expect(one).toMatchObject({ severity: "info", remedies: ["deleteJob"] });
    expect(one?.title).toContain("a later run succeeded");
  });
});

describe("suspending a cron job", () => {
  const run = (n: number, minutes: number) =>
    failed(`report-${n}`, { cronJob: "report", endedAt: ago(minutes) });
  const may = (one: CronJob, jobs: Job[]) => canSuspend(one, { jobs, cronJobs: [one], notSeen: [] }, NOW);
  it("is offered where one failed run is kept of many that were due since one succeeded", () => {
    expect(may(cron({ lastSucceeded: ago(600) }), [run(1, 5)])).toBe(true);
    expect(may(cron({ lastSucceeded: ago(90) }), [run(1, 5)])).toBe(false);
  });
  it("is not offered where runs that succeeded are only not kept (successfulJobsHistoryLimit 0)", () => {
    const jobs = [run(5, 70), run(4, 130), run(3, 190), run(2, 250)];
    expect(may(cron({ lastSucceeded: ago(10) }), jobs)).toBe(false);
    expect(may(cron({ lastSucceeded: null }), jobs)).toBe(true);
  });
});

describe("a job that does not end", () => {
  it("because of the proxy beside its work, that is done", () => {
    const pods = [
      pod("import", { ready: false, containers: [container("main", ended(0)), container("istio-proxy")] }),
    ];
    expect(titles({ jobs: [job("import")], pods })).toEqual([
      "Job import is done, and its istio-proxy keeps it from ending",
    ]);
    // A moment ago, or a part of the work.
    const fresh = [pod("import", { containers: [container("main", ended(0, 1)), container("istio-proxy")] })];
    expect(titles({ jobs: [job("import")], pods: fresh })).toEqual([]);
    const part = [pod("import", { containers: [container("load", ended(0)), container("transform")] })];
    expect(told({ jobs: [job("import")], pods: part })).toContain("Either transform still works");
  });

  it("because its pod cannot be placed, or get its image, or is refused by the quota", () => {
    const pending = { phase: "Pending", ready: false, node: null, containers: [] };
    expect(
      titles({
        jobs: [job("import")],
        pods: [pod("import", { ...pending, unschedulable: "0/3 nodes are available: 3 Insufficient cpu." })],
      })[0],
    ).toMatch(/^Job import does not get on: its pod cannot be scheduled: not enough cpu/);
    const image = container("main", {
      state: "waiting",
      ready: false,
      reason: "ImagePullBackOff",
      message: "manifest unknown",
    });
    expect(
      titles({
        jobs: [job("import")],
        pods: [pod("import", { ...pending, node: "n", containers: [image] })],
      })[0],
    ).toContain("the image or its tag does not exist");
    const events = [
      event("Job", "import", "FailedCreate", 'pods "import-x" is forbidden: exceeded quota: compute'),
    ];
    expect(titles({ jobs: [job("import")], events })).toEqual(["Job import has no pod: none can be made"]);
  });

  it("tries again, and says why it failed", () => {
    const pods = [
      pod("import", { phase: "Failed", containers: [container("main", ended(3))] }),
      pod("import", { name: "import-zzzzz" }),
    ];
    expect(told({ jobs: [job("import", { failedPods: 1 })], pods })).toMatch(
      /tries again: 1 pod failed.*backoffLimit.*exit code 3/s,
    );
  });

  it("that simply runs is told to whoever asks, with how far it is", () => {
    const jobs = [job("import", { succeeded: 3, completions: 10 })];
    expect(titles({ jobs, pods: [pod("import")] })).toEqual([]);
    expect(told({ jobs, pods: [pod("import")], asked: { job: "import" } })).toContain("3 of 10 are done");
    expect(titles({ jobs: [job("import", { state: "suspended" })], asked: { job: "import" } })).toEqual([
      "Job import is suspended",
    ]);
  });
});

it("a job of an alert that is gone is not healthy; of two namespaces the alert's is meant", () => {
  expect(found({ asked: { job: "import" } })).toMatchObject([{ id: "no-such-job:import", severity: "info" }]);
  const jobs = [failed("import"), failed("import", { namespace: "other", uid: "o" })];
  const of = (namespace: string) =>
    failedJobs(
      { jobs: { jobs, cronJobs: [], notSeen: [] } },
      { now: NOW, recentSeconds: 1, job: "import", namespace },
    ).map((one) => one.namespace);
  expect(of("other")).toEqual(["other"]);
  // That of the exporter: no job of it is there.
  expect(of("monitoring")).toEqual(["shop", "other"]);
  expect(k8sJobs.fromAlert?.({ namespace: "shop", job_name: "import" })).toEqual({
    namespace: "shop",
    job: "import",
  });
});

describe("a cron job", () => {
  const late = { lastScheduled: ago(26 * 60) };
  it("is judged in its own time zone", () => {
    // 09:00 in Berlin is 08:00 UTC: 4 h ago.
    const berlin = { schedule: "0 9 * * *", timeZone: "Europe/Berlin" };
    expect(titles({ crons: [cron({ ...berlin, ...late })] })).toEqual([
      "Cron job report did not run when it was due",
    ]);
    expect(titles({ crons: [cron({ ...berlin, lastScheduled: "2026-11-30T08:00:00Z" })] })).toEqual([]);
    // 09:00 in New York is 14:00 UTC: not yet.
    expect(
      titles({
        crons: [
          cron({
            schedule: "0 9 * * *",
            timeZone: "America/New_York",
            lastScheduled: "2026-11-29T14:00:00Z",
          }),
        ],
      }),
    ).toEqual([]);
  });

  it("whose schedule is not read is said not to have been looked at", () => {
    expect(found({ crons: [cron({ schedule: "@every 1h" })] })).toMatchObject([
      { id: "cron-unread:shop/report", severity: "info" },
    ]);
    expect(found({ crons: [cron({ timeZone: "Mars/Olympus" })] })).toMatchObject([
      { id: "cron-unread:shop/report" },
    ]);
  });

  it.each([
    ["FailedCreate", "exceeded quota: jobs", /its job cannot be made.*exceeded quota/s],
    ["TooManyMissedTimes", "too many missed start times", /missed too many.*startingDeadlineSeconds/s],
    ["MissSchedule", "Missed scheduled time to start a job", /was too late/],
  ])("was not started: %s says why", (reason, message, says) => {
    expect(told({ crons: [cron(late)], events: [event("CronJob", "report", reason, message)] })).toMatch(
      says,
    );
  });

  it("with a deadline the controller cannot meet", () => {
    expect(titles({ crons: [cron({ ...late, deadlineSeconds: 5 })] })[0]).toContain(
      "startingDeadlineSeconds is 5",
    );
    expect(told({ crons: [cron({ ...late, deadlineSeconds: 600 })] })).toContain(
      "startingDeadlineSeconds of 600",
    );
  });

  it("leaves runs out while the one before runs (Forbid): one is normal, many are told, one that is stuck at once", () => {
    const at = (minutes: number) => ({
      crons: [cron({ active: 1, lastScheduled: ago(minutes) })],
      jobs: [job("report-1", { cronJob: "report", startedAt: ago(minutes) })],
    });
    expect(titles({ ...at(70), pods: [pod("report-1")] })).toEqual([]);
    expect(titles({ ...at(400), pods: [pod("report-1")] })).toEqual([
      "Cron job report leaves runs out: the one before still runs",
    ]);
    const image = container("main", {
      state: "waiting",
      ready: false,
      reason: "ErrImagePull",
      message: "not found",
    });
    const stuck = found({
      ...at(70),
      pods: [pod("report-1", { phase: "Pending", ready: false, containers: [image] })],
    });
    expect(stuck.map(({ id }) => id)).toEqual(["job-stuck:shop/report-1", "cron-held:shop/report"]);
    expect(stuck[0]?.explains).toEqual(["cron-held:shop/report"]);
  });

  it("that ends its own runs (Replace), or lets them pile up (Allow)", () => {
    const jobs = [job("report-1", { cronJob: "report" })];
    const replace = (lastSucceeded: string | null) =>
      titles({
        jobs,
        crons: [cron({ concurrency: "Replace", active: 1, lastSucceeded })],
        pods: [pod("report-1")],
      });
    expect(replace(ago(600))).toEqual(["Cron job report ends its own runs before they are done"]);
    expect(replace(ago(70))).toEqual([]);
    const allow = (active: number) =>
      titles({ jobs, crons: [cron({ concurrency: "Allow", active })], pods: [pod("report-1")] });
    expect(allow(4)).toEqual(["Cron job report has 4 runs at once"]);
    expect(allow(2)).toEqual([]);
  });
});

it.each([
  ["0 3 * * MON", "UTC", "2026-11-30T03:00:00.000Z"],
  ["0 0 29 2 *", "UTC", "2024-02-29T00:00:00.000Z"],
  ["0 0 1 JAN ?", "UTC", "2026-01-01T00:00:00.000Z"],
  ["TZ=Asia/Tokyo 30 8 * * *", "UTC", "2026-11-29T23:30:00.000Z"],
  // The night of the clock that goes forward: 02:30 was not there that day.
  ["30 2 29 3 *", "Europe/Berlin", "2025-03-29T01:30:00.000Z"],
  ["0 0 30 2 *", "UTC", undefined],
])("%s in %s was due last at %s", (schedule, zone, due) => {
  expect(lastDue(schedule, NOW, zone)?.toISOString()).toBe(due);
});

it("how often a schedule was due is counted up to a bound", () => {
  const since = new Date(ago(120));
  expect(timesDue("*/10 * * * *", { since, now: NOW, most: 100 })).toBe(12);
  expect(timesDue("*/10 * * * *", { since, now: NOW, most: 3 })).toBe(3);
  expect(timesDue("@every 1h", { since, now: NOW, most: 3 })).toBeUndefined();
});
