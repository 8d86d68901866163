import { describe, expect, it } from "vitest";
import { lastDue, timesDue } from "../../../../runbooks/kubernetes/cron.ts";
import {
  ago,
  container,
  cron,
  event,
  found,
  job,
  NOW,
  pod,
  titles,
  told,
} from "../../../make/kubernetes-jobs.ts";

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
