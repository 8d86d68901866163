import { expect, it } from "vitest";
import { archiveFindings } from "../../../runbooks/postgres/pg-archive.ts";
import type { postgres } from "../../../src/sdk/index.ts";

const archive = (more: Partial<postgres.Archive>): postgres.Archive => ({
  mode: "on",
  inRecovery: false,
  isSet: true,
  archivedCount: 100,
  failedCount: 0,
  archivedSeconds: 40,
  failedSeconds: null,
  lastFailedWal: "",
  waiting: { segments: 0, seconds: null },
  timeoutSeconds: 0,
  backupSeconds: null,
  backupsNow: 0,
  ...more,
});

it.each<readonly [string, Partial<postgres.Archive>, readonly string[]]>([
  ["it archives", {}, []],
  ["a quiet server has archived nothing for days", { archivedSeconds: 300_000 }, []],
  ["it failed once, long ago, and went on", { failedCount: 3, failedSeconds: 900 }, []],
  ["it fails now", { failedCount: 3, failedSeconds: 5 }, ["archiver-failing"]],
  ["it never succeeded", { failedCount: 3, failedSeconds: 5, archivedSeconds: null }, ["archiver-failing"]],
  ["a few wait for a moment", { waiting: { segments: 4, seconds: 30 } }, []],
  ["they wait for an hour", { waiting: { segments: 4, seconds: 3_600 } }, ["archiver-behind"]],
  ["nothing says how", { isSet: false }, ["archive-not-set"]],
  ["none is meant to be", { mode: "off", isSet: false, failedSeconds: 5 }, []],
  ["a standby leaves it to its primary", { inRecovery: true, failedSeconds: 5 }, []],
  [
    "a standby that archives itself",
    { inRecovery: true, mode: "always", failedSeconds: 5 },
    ["archiver-failing"],
  ],
  ["how much waits is not known", { waiting: null }, []],
])("%s", (_name, more, ids) => {
  expect(archiveFindings(archive(more), 15).map(({ id }) => id)).toEqual(ids);
});

it.each<readonly [string, Partial<postgres.Archive>, string]>([
  [
    "a single try, and a segment that has only just been filled",
    { waiting: { segments: 1, seconds: 20 } },
    "info",
  ],
  ["a segment that has waited for ten minutes", { waiting: { segments: 1, seconds: 600 } }, "critical"],
  ["what waits is not seen, and a success just before", { waiting: null }, "info"],
  ["what waits is not seen, and no success for long", { waiting: null, archivedSeconds: 900 }, "critical"],
])("a failure is grave once it lasts: %s", (_name, more, severity) => {
  const failing = { failedCount: 3, failedSeconds: 5, ...more };
  expect(archiveFindings(archive(failing), 15)).toMatchObject([{ id: "archiver-failing", severity }]);
});

it("a command that keeps nothing is said, and is no fault; one that keeps it is silent, and one that nobody may see", () => {
  const [found, ...more] = archiveFindings(archive({ discards: true }), 15);
  expect([found?.id, found?.severity, more]).toEqual(["archive-discards", "info", []]);
  expect(found?.title).toContain("there is no archive");
  for (const discards of [false, null, undefined])
    expect(archiveFindings(archive({ discards }), 15)).toEqual([]);
  expect(archiveFindings(archive({ discards: true, mode: "off" }), 15)).toEqual([]);
});
