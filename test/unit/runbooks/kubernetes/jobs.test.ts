import { describe, expect, it } from "vitest";
import { failedJobs } from "../../../../runbooks/kubernetes/job-findings.ts";
import { type CronJob, canSuspend, type Job } from "../../../../runbooks/kubernetes/jobs.ts";
import { k8sJobs } from "../../../../runbooks/kubernetes/k8s-jobs.ts";
import {
  ago,
  container,
  cron,
  ended,
  event,
  failed,
  found,
  job,
  NOW,
  pod,
  titles,
  told,
} from "../../../make/kubernetes-jobs.ts";

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
