// Real base backups by pg_basebackup, and the archive that a real server fills by its archive_command.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { pgBackups } from "../../../runbooks/host/pg-backups.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { type DumpServer, startDumpServer, whyNoDumps } from "../../helpers/dumps.ts";
import { workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoDumps();

describe.skipIf(missing !== undefined)(missing ?? "pg-backups: base backups and their archive", () => {
  let server: DumpServer;
  const work = workFolder();
  const archive = join(work, "wal");
  let folder: string;
  let nth = 0;

  beforeAll(async () => {
    mkdirSync(archive);
    // The server writes into it, whoever it runs as.
    chmodSync(work, 0o755);
    chmodSync(archive, 0o777);
    server = await startDumpServer({ archive_mode: "on", archive_command: `cp %p ${archive}/%f` });
    await server.admin("CREATE TABLE t (n int)");
  });
  beforeEach(() => {
    nth += 1;
    folder = join(work, `bases-${nth}`);
    mkdirSync(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  afterAll(async () => {
    await server.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const take = (name: string, ...more: string[]) =>
    execFileSync(
      "pg_basebackup",
      [
        "-h",
        "127.0.0.1",
        "-p",
        String(server.port),
        "-U",
        "boss",
        "-w",
        "-D",
        join(folder, name),
        "-c",
        "fast",
        "-X",
        "stream",
        ...more,
      ],
      { stdio: "pipe" },
    );
  const age = (name: string, hours: number, file = "backup_manifest") => {
    const time = Date.now() / 1000 - hours * 3600;
    utimesSync(join(folder, name, file), time, time);
  };
  /** Ends so many segments, and waits until the last of them is archived; their names. */
  const segments = async (count: number): Promise<string[]> => {
    const names: string[] = [];
    for (let n = 0; n < count; n += 1) {
      await server.admin("INSERT INTO t VALUES (1)");
      const [row] = await server.admin<{ name: string }>("SELECT pg_walfile_name(pg_switch_wal()) AS name");
      names.push(row?.name ?? "");
    }
    await until(async () => {
      const [row] = await server.admin<{ done: boolean }>(
        `SELECT last_archived_wal >= '${names.at(-1)}' AS done FROM pg_stat_archiver`,
      );
      return row?.done;
    });
    return names;
  };
  const diagnose = async (params = {}, more = {}) => {
    const bench = openBench({
      connections: {
        machine: {
          ...{ kind: "host", local: true },
          baseBackups: [{ name: "main", folder, archive, within: "2d", ...more }],
        },
      },
      connectors: [hostConnector as Connector],
    });
    try {
      return await bench.diagnose(pgBackups, params);
    } finally {
      await bench.close();
    }
  };
  const ids = async (params = {}, more = {}) =>
    (await diagnose(params, more)).findings.map(({ id, severity }) => `${id} ${severity}`);

  it("a whole one from which the archive goes on is healthy, packed or not; what it reaches is said to who asks", async () => {
    take("plain");
    await segments(2);
    expect(await ids()).toEqual([]);
    take("packed", "-Ft", "-z");
    await segments(1);
    const { findings, seen } = await diagnose({ restore: true, dumps: "main" });
    expect(findings.map(({ id }) => id)).toEqual(["reach:main"]);
    expect(seen.bases).toMatchObject({
      value: {
        sets: [
          {
            backups: [
              { name: "packed", end: "whole", segment: expect.stringMatching(/^0{7}1/), own: true },
              { name: "plain", end: "whole", segment: expect.stringMatching(/^0{7}1/), own: true },
            ],
            archive: { is: "there", segmentBytes: 16_777_216 },
          },
        ],
      },
    });
  });

  it("a segment that is missing since the newest ends what can be recovered; one from before it is lost past", async () => {
    take("old");
    age("old", 20);
    const [, second = ""] = await segments(3);
    const away = join(work, "away");
    renameSync(join(archive, second), away);
    const { finding, findings } = await diagnose();
    expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["wal-gap:main", "critical"]]);
    expect(finding("wal-gap:main").because).toContain("nothing later can be recovered from old");
    // Compressed it is there all the same.
    writeFileSync(join(archive, `${second}.gz`), execFileSync("gzip", ["-c", away]));
    expect(await ids()).toEqual([]);
    rmSync(join(archive, `${second}.gz`));
    take("new");
    await segments(1);
    expect(await ids()).toEqual(["wal-gap-before:main info"]);
    renameSync(away, join(archive, second));
    expect(await ids()).toEqual([]);
  });

  it("one that is not whole, is old, or is none", async () => {
    expect(await ids()).toEqual(["no-base:main critical"]);
    take("a");
    await segments(1);
    age("a", 60);
    expect(await ids()).toEqual(["base-old:main warning"]);
    age("a", 3);
    take("b");
    await segments(1);
    // Half of it: the sizes do not fit what its manifest says.
    truncateSync(join(folder, "b", "global", "pg_control"), 100);
    expect(await ids()).toEqual(["base-not-whole:main critical"]);
    rmSync(join(folder, "b", "backup_manifest"));
    // Without a manifest and young it may still be taken.
    expect(await ids()).toEqual([]);
    age("b", 2, "backup_label");
    const { finding } = await diagnose();
    expect(finding("base-not-whole:main").because).toContain(
      "either it broke off, or it was made with --no-manifest",
    );
    rmSync(join(folder, "a"), { recursive: true });
    rmSync(join(folder, "b"), { recursive: true });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("an archive that is empty or elsewhere is said; without one declared it is not looked at", async () => {
    take("a");
    expect(await ids({}, { archive: join(work, "nowhere") })).toEqual(["archive-empty:main critical"]);
    expect(await ids({}, { archive: undefined })).toEqual([]);
    // Without dumps of its own nobody is asked for some, and the name of the base backups is no unknown one.
    expect(await ids({ dumps: "main" }, { archive: undefined })).toEqual([]);
  });
});
