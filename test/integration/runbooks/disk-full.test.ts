import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, describe, expect, inject, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import {
  oldFile,
  smallDisk,
  smallFileSystem,
  whyNoDisk,
  whyNoMount,
  workFolder,
} from "../../helpers/host.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const noMount = whyNoMount();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function benchOf(machine: object, more: { patienceMs?: number } = {}): Bench {
  const bench = openBench({
    connections: { machine: { kind: "host", local: true, ...machine } },
    connectors: [hostConnector],
    thresholds: { disk: 0.85 },
    ...more,
  });
  cleanups.push(() => bench.close());
  return bench;
}

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
function fill(folder: string, content: () => string | Buffer, most: number): void {
  try {
    for (let n = 0; n < most; n++) writeFileSync(join(folder, `f${n}`), content());
  } catch {
    // It is full.
  }
}

const ids = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(whyNoDisk("mkfs.ext4") !== undefined)("disks of several types", () => {
  const disk = (...given: Parameters<typeof smallDisk>) => {
    const made = smallDisk(...given);
    cleanups.push(() => made.stop());
    return made;
  };
  const ext4 = ["mkfs.ext4", "-q", "-m", "0"];

  it("deleted files of another disk do not come before the full one", async () => {
    const full = disk(16, ext4);
    const other = disk(16, ext4);
    writeFileSync(join(full.path, "data.bin"), Buffer.alloc(13 * MIB));
    const file = oldFile(join(other.path, "app.log"), 4 * MIB, 0);
    const held = openSync(file, "r");
    rmSync(file);
    const seen = await benchOf({ mounts: [full.path, other.path] }).diagnose(diskFull);
    closeSync(held);
    expect(seen.findings.map(({ id, severity }) => [id.split(":")[0], severity])).toEqual([
      ["disk-full", "critical"],
      ["deleted-open-files", "info"],
    ]);
    expect(seen.advice("growFileSystem")).toContain(`resize2fs ${full.device}`);
  });

  it("an error that stopped the writes is found, whatever `rw` says", async () => {
    const { path, device } = disk(16, ext4, "loop,errors=remount-ro");
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
    writeFileSync(`/sys/fs/ext4/${device.replace("/dev/", "")}/trigger_fs_error`, "1");
    expect(() => writeFileSync(join(path, "x"), "x")).toThrow("EROFS");
    const { findings } = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(findings).toMatchObject([
      {
        id: `read-only:${path}`,
        severity: "critical",
        title: expect.stringContaining("the kernel stopped them"),
      },
    ]);
  });

  it("a write-protected image is full by design; so is one that is mounted read-only on purpose", async () => {
    const { path, mount } = disk(16, ext4);
    fill(path, () => Buffer.alloc(MIB), 20);
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toContain(`disk-full:${path}`);
    mount("loop,ro");
    expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
    expect(ids(await benchOf({}).diagnose(diskFull, { mountpoint: path }))).toContain(
      `full-by-design:${path}`,
    );
  });

  it("one that lies under a later mount is hidden, not gone", async () => {
    const outer = workFolder();
    cleanups.push(() => rmSync(outer, { recursive: true, force: true }));
    const inner = disk(16, ext4);
    const under = join(outer, "in/ner");
    mkdirSync(under, { recursive: true });
    execFileSync("mount", [inner.device, under]);
    cleanups.push(() => execFileSync("umount", [under]));
    execFileSync("mount", ["-t", "tmpfs", "diagbot-test", join(outer, "in")]);
    cleanups.push(() => execFileSync("umount", [join(outer, "in")]));
    const watched = await benchOf({ mounts: [under] }).diagnose(diskFull);
    expect(watched.findings).toMatchObject([{ id: `hidden:${under}`, severity: "warning" }]);
    expect(watched.findings[0]?.title).toContain(
      `hidden under what was mounted later on ${join(outer, "in")}`,
    );
    const all = await benchOf({}).diagnose(diskFull);
    expect(JSON.stringify(all.finding("could-not-look"))).toContain(`${under} (ext4)`);
    expect(ids(all)).not.toContain(`not-answering:${under}`);
  });

  it("the folder of the container engine is looked at where it is a file system of its own", async () => {
    const made = disk(16, [...ext4, "-N", "64"]);
    const folder = "/var/lib/containerd/diagbot-test";
    mkdirSync(folder, { recursive: true });
    execFileSync("mount", [made.device, folder]);
    cleanups.push(() => {
      execFileSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    });
    fill(folder, () => "", 100);
    made.stop();
    cleanups.splice(cleanups.length - 2, 1);
    expect(ids(await benchOf({}).diagnose(diskFull))).toContain(`inodes-full:${folder}`);
  });

  it("an alert about a mount this machine lacks is said to be so; about one it has, that one is looked at", async () => {
    const { path } = disk(16, ext4);
    fill(path, () => Buffer.alloc(MIB), 20);
    const lacking = await benchOf({ mounts: ["/proc/self"] }).diagnose(diskFull, {
      mountpoint: "/mnt/longhorn",
    });
    expect(ids(lacking)).toEqual(["mount-not-here"]);
    const here = await benchOf({ mounts: ["/proc/self"] }).diagnose(diskFull, {
      mountpoint: `/rootfs${path}`,
    });
    expect(ids(here)).toEqual([`disk-full:${path}`]);
  });

  it.skipIf(whyNoDisk("mkfs.btrfs") !== undefined)(
    "a btrfs without room for metadata is full while df shows room; a fresh one is not",
    async () => {
      const { path } = disk(
        128,
        ["mkfs.btrfs", "-q", "-f", "-m", "single", "-d", "single"],
        "loop,max_inline=4095",
      );
      expect(ids(await benchOf({ mounts: [path] }).diagnose(diskFull))).toEqual([]);
      // All that is not set aside yet goes to data, then little files fill what metadata has.
      fill(path, () => Buffer.alloc(MIB), 128);
      for (let n = 0; n < 40; n++) rmSync(join(path, `f${n}`), { force: true });
      execFileSync("sync", ["-f", path]);
      mkdirSync(join(path, "small"));
      fill(join(path, "small"), () => randomBytes(3_900), 100_000);
      const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
      expect(diagnosis.findings[0]).toMatchObject({ id: `metadata-full:${path}`, severity: "critical" });
      expect(diagnosis.advice("balanceBtrfs")).toContain(`btrfs balance start -dusage=5 ${path}`);
      expect(diagnosis.findings.flatMap(({ remedies }) => remedies)).not.toContain("growFileSystem");
    },
    60_000,
  );
});
