import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, inject, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { oldFile, smallFileSystem, whyNoMount, workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";

import { benchOf, cleanups, endAll, KIB, MIB } from "./disk-bench.ts";

afterEach(endAll);

const noMount = whyNoMount();

describe("a folder with a budget", () => {
  const folderWith = (files: Record<string, [bytes: number, days: number]>): string => {
    const folder = workFolder();
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    for (const [name, [bytes, days]] of Object.entries(files)) oldFile(join(folder, name), bytes, days);
    return folder;
  };
  // The root of the machine that runs the tests may be fuller than any threshold: only the budget is looked at.
  const watching = (folder: string, bytes: number, more: { patienceMs?: number } = {}) =>
    benchOf({ mounts: ["/proc/self"], cleanable: [folder], budgets: [{ path: folder, bytes }] }, more);

  it("is no finding below the threshold", async () => {
    const folder = folderWith({ "app.log": [100 * KIB, 0], "app.log.1": [100 * KIB, 30] });
    expect((await watching(folder, MIB).diagnose(diskFull)).findings).toEqual([]);
  });

  it("is found over the threshold; the oldest leftovers go, no more than needed", async () => {
    const folder = folderWith({
      "app.log": [300 * KIB, 0],
      "app.log.1": [200 * KIB, 10],
      "app.log.2": [200 * KIB, 20],
      "app.log.3": [200 * KIB, 30],
      "orders.sql.gz": [100 * KIB, 90],
    });
    const bench = watching(folder, 900 * KIB);
    const diagnosis = await bench.diagnose(diskFull);
    const finding = diagnosis.finding(`over-budget:${folder}`);
    expect(finding).toMatchObject({
      severity: "critical",
      title: expect.stringContaining("of its budget of 900 KiB"),
    });
    expect(finding.because).toContain("3 old rotated logs and temporary files hold 600 KiB");
    const applied = await diagnosis.apply("removeOldFiles");
    expect(applied.previews[0]?.changes[0]).toContain("app.log.3");
    expect(applied.holds).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["app.log", "app.log.1", "orders.sql.gz"]);
    expect((await bench.diagnose(diskFull)).findings).toEqual([]);
  });

  it("says when old files do not suffice, still removes them, and does not call that repaired", async () => {
    const folder = folderWith({ "app.log": [1000 * KIB, 0], "app.log.1": [20 * KIB, 30] });
    const diagnosis = await watching(folder, MIB, { patienceMs: 1 }).diagnose(diskFull);
    expect(diagnosis.finding(`over-budget:${folder}`).because).toContain("which is not enough");
    const applied = await diagnosis.apply("removeOldFiles");
    expect(readdirSync(folder)).toEqual(["app.log"]);
    // The folder is over its budget as before: a goal lowered to what the files could free would say "verified".
    expect(applied.holds).toBe(false);
  });

  it("offers nothing to remove where nothing is old", async () => {
    const folder = folderWith({ "app.log": [1000 * KIB, 0], "app.log.1": [20 * KIB, 2] });
    const diagnosis = await watching(folder, MIB).diagnose(diskFull);
    const finding = diagnosis.finding(`over-budget:${folder}`);
    expect(finding.remedies).toEqual(["findSpace"]);
    expect(finding.because).toContain("No old rotated logs");
    expect((await diagnosis.apply("removeOldFiles")).calls).toEqual([]);
  });

  it("that is not there is said", async () => {
    const folder = folderWith({});
    const bench = watching(join(folder, "none"), MIB);
    expect((await bench.diagnose(diskFull)).finding(`unmeasured:${folder}/none`).because).toContain(
      "no such folder",
    );
  });
});

it("a watched path that is not mounted is a finding", async () => {
  const folder = workFolder();
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const { findings } = await benchOf({ mounts: [`${folder}/none`] }).diagnose(diskFull);
  expect(findings).toMatchObject([{ id: `not-answering:${folder}/none`, severity: "critical" }]);
});

it("a place that a database fills is told by the database", async () => {
  const url = inject("databaseUrl");
  const database = new pg.Client(url);
  await database.connect();
  const { rows } = await database.query<{ data_directory: string }>("SHOW data_directory");
  await database.end();
  const folder = rows[0]?.data_directory ?? "";
  const bench = openBench({
    connections: {
      machine: { kind: "host", local: true, mounts: ["/proc/self"], budgets: [{ path: folder, bytes: MIB }] },
      db: { kind: "postgres", url },
    },
    connectors: [hostConnector, postgresConnector] as Connector[],
  });
  cleanups.push(() => bench.close());
  const diagnosis = await bench.diagnose(diskFull);
  const finding = diagnosis.finding(`over-budget:${folder}`);
  expect(finding.because).toMatch(/Postgres keeps its data here \(.*\): database \w+ has .* MiB, pg_wal \d+/);
  expect(JSON.stringify(finding.evidence)).toContain("table with indexes");
  expect(finding.remedies).toContain("shrinkDatabase");
  expect(diagnosis.advice("shrinkDatabase")).toContain("run pg-connectivity");
});

describe.skipIf(noMount !== undefined)(`a real file system (skipped: ${noMount ?? "no"})`, () => {
  const mount = (options: string) => {
    const fileSystem = smallFileSystem(options);
    cleanups.push(() => fileSystem.stop());
    return fileSystem;
  };

  it("that is full is found, cleaned and verified", async () => {
    const { path } = mount("size=4m");
    oldFile(join(path, "logs/app.log.1"), MIB, 30);
    writeFileSync(join(path, "data.bin"), Buffer.alloc(2 * MIB));
    expect(() => writeFileSync(join(path, "more.bin"), Buffer.alloc(2 * MIB))).toThrow("ENOSPC");
    const bench = benchOf({ mounts: [path], cleanable: [join(path, "logs")] });
    const diagnosis = await bench.diagnose(diskFull);
    expect(diagnosis.finding(`disk-full:${path}`)).toMatchObject({
      severity: "critical",
      title: `${path} is 100 % full (0 B left), most of it ${path}/data.bin (2.0 MiB)`,
      remedies: ["removeOldFiles", "findSpace", "growFileSystem"],
    });
    rmSync(join(path, "more.bin"));
    const applied = await diagnosis.apply("removeOldFiles");
    expect(applied.holds).toBe(true);
    expect(existsSync(join(path, "logs/app.log.1"))).toBe(false);
  });

  it("without inodes is found whatever df says of the bytes", async () => {
    const { path } = mount("size=4m,nr_inodes=40");
    mkdirSync(join(path, "sessions"));
    for (let n = 0; n < 37; n++) writeFileSync(join(path, "sessions", String(n)), "");
    const { findings } = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(findings).toMatchObject([
      { id: `inodes-full:${path}`, severity: "critical", remedies: ["freeInodes"] },
    ]);
  });

  it("that was remounted read-only is found", async () => {
    const { path, remount } = mount("size=4m");
    remount("ro");
    const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(diagnosis.finding(`read-only:${path}`).severity).toBe("critical");
    expect(diagnosis.advice("repairReadOnly")).toContain("fsck -f diagbot-test");
    remount("rw");
  });

  it("held full by a deleted file names the process", async () => {
    const { path } = mount("size=4m");
    const file = oldFile(join(path, "app.log"), 3.9 * MIB, 0);
    const held = openSync(file, "r");
    rmSync(file);
    const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
    closeSync(held);
    const id = `deleted-open-files:${path}`;
    const finding = diagnosis.finding(id);
    expect(diagnosis.findings[0]?.id).toBe(id);
    expect(finding.title).toContain(`pid ${process.pid}`);
    expect(diagnosis.advice("restartHolder")).toContain(`pid ${process.pid}`);
    expect(diagnosis.finding(`disk-full:${path}`).severity).toBe("critical");
  });
});

/** As many files as fit of those made by `content`; the rest fail. */
