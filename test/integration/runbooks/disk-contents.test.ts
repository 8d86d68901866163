// What fills a disk, told by names and counts: real file systems in loop devices, a real slot of a real Postgres.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { diskFull } from "../../../runbooks/host/disk-full.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import type { HostClient } from "../../../src/connectors/host/client.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { onPath } from "../../helpers/docker.ts";
import { smallDisk, whyNoDisk } from "../../helpers/host.ts";
import { startLabPostgres } from "../../helpers/postgres.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { benchOf, cleanups, endAll, MIB } from "./disk-bench.ts";

afterEach(endAll);

const noDisk = whyNoDisk("mkfs.ext4");

describe.skipIf(noDisk !== undefined)(`what lies on a full disk (skipped: ${noDisk ?? "no"})`, () => {
  const diskOf = (...more: string[]) => {
    const disk = smallDisk(64, ["mkfs.ext4", "-q", ...more]);
    cleanups.push(() => disk.stop());
    return disk;
  };
  const fill = (path: string, bytes = 50 * MIB) => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, Buffer.alloc(bytes, 1));
  };

  it.each([
    ["containers/abc/abc-json.log", "truncate -s 0 FILE"],
    ["log/journal/abc/system.journal", "journalctl --vacuum-size"],
    ["crash/core.node.1", "coredumpctl list"],
    ["swapfile", "swapoff FILE"],
    ["pg_wal/000000010000000000000001", "pg_replication_slots"],
  ])("%s is known by its name", async (name, words) => {
    const { path } = diskOf();
    fill(join(path, name));
    const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(diagnosis.finding(`disk-full:${path}`).title).toContain(`most of it ${path}/`);
    expect(diagnosis.advice("findSpace")).toContain(words);
  });

  it("many files of middling size are told by their folder", async () => {
    const { path } = diskOf();
    for (let i = 0; i < 10; i++) fill(join(path, "cache", `file${i}`), 5 * MIB);
    const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(diagnosis.finding(`disk-full:${path}`).title).toContain(`most of it ${path}/cache (50.0 MiB)`);
    expect(diagnosis.advice("findSpace")).not.toMatch(/coredumpctl|swapoff/);
  });

  it("inodes are told by the folder that has them", async () => {
    const { path } = diskOf("-N", "1000");
    mkdirSync(join(path, "sessions"));
    for (let i = 0; i < 900; i++) writeFileSync(join(path, "sessions", `s${i}`), "");
    const diagnosis = await benchOf({ mounts: [path] }).diagnose(diskFull);
    expect(diagnosis.finding(`inodes-full:${path}`).title).toContain(`, 900 of them in ${path}/sessions`);
  });

  it("space kept for root is said to be free for root only, where it is more than usual or all that is left", async () => {
    const much = diskOf("-m", "20");
    fill(join(much.path, "data"), 38 * MIB);
    const said = (await benchOf({ mounts: [much.path] }).diagnose(diskFull)).finding(
      `disk-full:${much.path}`,
    );
    expect(said.because).toMatch(/1\d\.\d MiB more are free, but kept for root \(`tune2fs -m 1/);
    const usual = diskOf("-m", "2");
    fill(join(usual.path, "data"), 48 * MIB);
    const twin = (await benchOf({ mounts: [usual.path] }).diagnose(diskFull)).finding(
      `disk-full:${usual.path}`,
    );
    expect(twin.because).not.toContain("kept for root");
    fill(join(usual.path, "more"), 4 * MIB);
    const spent = (await benchOf({ mounts: [usual.path] }).diagnose(diskFull)).finding(
      `disk-full:${usual.path}`,
    );
    expect(spent.because).toContain("more are free, but kept for root");
  });

  const awks = ["gawk", "mawk", "original-awk", "busybox"].filter((name) => onPath(name) !== undefined);
  it.each(awks)("is counted with %s as with any other awk", async (name) => {
    const { path } = diskOf();
    for (let i = 0; i < 4; i++) fill(join(path, "cache", `file${i}`), 5 * MIB);
    const bin = mkdtempSync(join(tmpdir(), "diagbot-awk-"));
    cleanups.push(() => rmSync(bin, { recursive: true, force: true }));
    symlinkSync(onPath(name) ?? "", join(bin, "awk"));
    const errors: string[] = [];
    const withAwk = (client: HostClient): HostClient => ({
      ...client,
      machine: {
        ...client.machine,
        run: async (argv, limits) => {
          const searched = `PATH=${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;
          const ran = await client.machine.run(["env", searched, ...argv], limits);
          errors.push(...ran.stderr.split("\n").filter((line) => /awk|syntax/.test(line)));
          return ran;
        },
      },
    });
    const connector = {
      ...hostConnector,
      open: (...given: Parameters<typeof hostConnector.open>) => withAwk(hostConnector.open(...given)),
    };
    const bench = openBench({
      connections: { machine: { kind: "host", local: true, mounts: [path] } },
      connectors: [connector],
    });
    cleanups.push(() => bench.close());
    const into = await bench.call(host.largest({ fileSystems: [path] }));
    expect(into.looked).toEqual([{ path, bytes: expect.any(Number) }]);
    expect(into.folders[1]?.path).toBe(`${path}/cache`);
    await bench.call(host.sockets());
    await bench.call(host.handles());
    await bench.call(host.deletedOpen());
    await bench.call(host.memory());
    expect(errors).toEqual([]);
  });
});

it("a replication slot that fills the place is named, with what to do about it", async () => {
  const lab = await startLabPostgres({ wal_level: "logical", max_wal_size: "1GB" });
  cleanups.push(() => lab.stop());
  await lab.admin("SELECT pg_create_logical_replication_slot('old', 'pgoutput')");
  for (let i = 0; i < 5; i++)
    await lab.admin(`CREATE TABLE t${i} (i int)`).then(() => lab.admin("SELECT pg_switch_wal()"));
  const kilobytes = Number(execFileSync("du", ["-sk", lab.data], { encoding: "utf8" }).split("\t")[0]);
  const bench = openBench({
    connections: {
      machine: {
        ...{ kind: "host", local: true, mounts: ["/proc/self"] },
        budgets: [{ path: lab.data, bytes: kilobytes * 1024 }],
      },
      db: { kind: "postgres", url: lab.botUrl },
    },
    connectors: [hostConnector, postgresConnector] as Connector[],
  });
  cleanups.push(() => bench.close());
  const diagnosis = await bench.diagnose(diskFull);
  expect(diagnosis.findings[0]).toMatchObject({ id: `wal-held:${lab.data}`, remedies: ["freeWal"] });
  expect(diagnosis.findings[0]?.title).toMatch(
    /because of WAL that replication slot old keeps back \([\d.]+ MiB/,
  );
  expect(diagnosis.advice("freeWal")).toContain("pg_drop_replication_slot('old')");
  await lab.admin("SELECT pg_drop_replication_slot('old')");
  const twin = await bench.diagnose(diskFull);
  expect(twin.findings.map(({ id }) => id)).toEqual([`over-budget:${lab.data}`]);
});
