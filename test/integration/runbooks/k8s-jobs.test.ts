import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lastDue } from "../../../runbooks/kubernetes/cron.ts";
import { k8sJobs } from "../../../runbooks/kubernetes/k8s-jobs.ts";
import { CURRENT, type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import type { KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const begin = async (objects?: readonly KubeObject[], serves?: readonly string[]) => {
  cluster = await emulatedCluster({
    ...(objects === undefined ? {} : { objects }),
    ...(serves === undefined ? {} : { serves }),
  });
  bench = benchOn(cluster);
};
beforeEach(() => {
  vi.setSystemTime(new Date("2026-11-22T02:14:30Z"));
});
afterEach(async () => {
  await bench.close();
  await cluster.close();
  vi.useRealTimers();
});
const found = async (params = {}) =>
  (await bench.diagnose(k8sJobs, params)).findings.map(({ id, remedies }) => [id, ...remedies]);

it("a job that failed says why by its log; a cron job by its newest run", async () => {
  await begin();
  const { finding } = await bench.diagnose(k8sJobs);
  expect(await found()).toEqual([
    ["job-failed:production/nightly-report", "fixJob"],
    ["job-failed:production/db-migrate", "fixJob"],
  ]);
  expect(finding("job-failed:production/db-migrate").because).toMatch(
    /no more are tried \(backoffLimit 1\).*relation "orders_archive" does not exist/s,
  );
});

it("completed jobs, one that failed days ago and suspended cron jobs are nothing", async () => {
  await begin(wellCluster());
  expect(await found()).toEqual([]);
  await bench.close();
  await cluster.close();
  await begin();
  vi.setSystemTime(new Date("2026-11-25T02:14:30Z"));
  expect((await found()).filter(([id]) => String(id).startsWith("job-failed"))).toEqual([]);
});

/** A run of nightly-report that ended so. */
const run = (n: number, state: "Failed" | "Complete"): KubeObject => {
  const job = theOne("Job", "nightly-report");
  const at = `2026-11-22T02:1${n}:10Z`;
  return {
    ...job,
    metadata: { ...job.metadata, name: `nightly-report-${n}`, uid: `run-${n}`, creationTimestamp: at },
    status: {
      conditions: [
        {
          type: state,
          status: "True",
          reason: state === "Failed" ? "BackoffLimitExceeded" : "",
          lastTransitionTime: at,
        },
      ],
      failed: 1,
    },
  };
};
const nightly = (...runs: KubeObject[]) => [...wellCluster(), theOne("CronJob", "nightly-report"), ...runs];

describe("a cron job", () => {
  it("that failed three times in a row is suspended, once approved", async () => {
    await begin(nightly(run(1, "Failed"), run(2, "Failed"), run(3, "Failed")));
    const diagnosis = await bench.diagnose(k8sJobs);
    expect(diagnosis.finding("job-failed:production/nightly-report")).toMatchObject({
      title: "Cron job nightly-report failed 3 times in a row",
      remedies: ["fixJob", "suspend"],
    });
    expect((await diagnosis.apply("suspend")).outputs).toHaveLength(1);
    expect(
      cluster.store.get({
        group: "batch",
        plural: "cronjobs",
        namespace: "production",
        name: "nightly-report",
      }).spec,
    ).toMatchObject({ suspend: true });
  });

  it("that failed, and succeeded since, is nothing", async () => {
    await begin(nightly(run(1, "Failed"), run(2, "Failed"), run(3, "Complete")));
    expect(await found()).toEqual([]);
  });

  it("that is suspended is told to whoever asks for it, and resumed", async () => {
    await begin([...wellCluster(), theOne("CronJob", "invoice-batch")]);
    expect(await found()).toEqual([]);
    const diagnosis = await bench.diagnose(k8sJobs, { cronJob: "invoice-batch" });
    expect(diagnosis.findings.map(({ id, severity, remedies }) => [id, severity, remedies])).toEqual([
      ["cron-suspended:production/invoice-batch", "info", ["unsuspend"]],
    ]);
  });

  it("that was not started when it was due; one whose run before still runs leaves runs out", async () => {
    vi.setSystemTime(new Date("2026-11-22T03:14:30Z"));
    await begin(wellCluster());
    expect(await found()).toEqual([["cron-missed:production/cleanup", "fixCron"]]);
    const cron = theOne("CronJob", "cleanup");
    cluster.store.put({ ...cron, status: { ...cron.status, active: [{ name: "cleanup-1" }] } });
    // A run every two minutes, and one that has lasted for an hour.
    expect(await found()).toEqual([["cron-held:production/cleanup", "fixOverlap"]]);
    cluster.store.put({
      ...cron,
      status: { ...cron.status, active: [{ name: "cleanup-1" }], lastScheduleTime: "2026-11-22T03:12:00Z" },
    });
    expect(await found()).toEqual([]);
  });

  it("is read from batch/v1 of a current server, too", async () => {
    const cron = theOne("CronJob", "invoice-batch");
    await begin([...wellCluster(), { ...cron, apiVersion: "batch/v1" }], CURRENT);
    expect((await found({ cronJob: "invoice-batch" }))[0]?.[0]).toBe(
      "cron-suspended:production/invoice-batch",
    );
    expect(cluster.requests.some((one) => one.includes("v1beta1"))).toBe(false);
  });
});

it("a job that still runs is told to whoever asks for it", async () => {
  const job = theOne("Job", "db-migrate");
  await begin([...wellCluster(), { ...job, status: { active: 1, startTime: "2026-11-22T02:00:00Z" } }]);
  expect(await found()).toEqual([]);
  expect(await found({ job: "db-migrate" })).toEqual([["job-running:production/db-migrate", "unblockJob"]]);
});

it("jobs that may not be listed are said not to have been looked at", async () => {
  await begin();
  cluster.denies = (_verb, resource) => resource === "cronjobs";
  expect((await bench.diagnose(k8sJobs)).findings.map(({ id }) => id)).toEqual(["could-not-look"]);
});

it.each([
  ["*/5 * * * *", "2026-11-22T02:10:00.000Z"],
  ["0 3 * * *", "2026-11-21T03:00:00.000Z"],
  ["30 2 * * 1-5", "2026-11-20T02:30:00.000Z"],
  ["@hourly", "2026-11-22T02:00:00.000Z"],
  ["0 0 1 * *", "2026-11-01T00:00:00.000Z"],
  ["0 0 1 * 0", "2026-11-22T00:00:00.000Z"],
  ["0 3 * * MON", "2026-11-16T03:00:00.000Z"],
  ["@every 1h", undefined],
])("%s was due last at %s", (schedule, due) => {
  expect(lastDue(schedule, new Date("2026-11-22T02:14:30Z"))?.toISOString()).toBe(due);
});
