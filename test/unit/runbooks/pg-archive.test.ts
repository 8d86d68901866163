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
