import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import type { WriteAction } from "../../../src/core/words/action.ts";
import {
  endProcess,
  nodeProcess,
  oldFile,
  type SshServer,
  startSshd,
  whyNoSshd,
  workFolder,
} from "../../helpers/host.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const noSshd = whyNoSshd();
const KIB = 1024;
type Where = {
  name: string;
  skip: string | undefined;
  start(): Promise<{ more: object; stop(): Promise<void> }>;
};

let sshd: SshServer | undefined;
const WHERE: Where[] = [
  {
    name: "this machine",
    skip: undefined,
    start: async () => ({ more: { local: true }, stop: async () => undefined }),
  },
  {
    name: "a machine behind a real sshd",
    skip: noSshd,
    start: async () => {
      sshd = await startSshd();
      const { ssh, identity, knownHosts, stop } = sshd;
      return { more: { ssh, identity, knownHosts }, stop };
    },
  },
];

// One suite, two ways: what holds here must hold there.
describe.each(WHERE)("host on $name", ({ skip, start }) => {
  let folder = "";
  let bench: Bench;
  let server: { more: object; stop(): Promise<void> } | undefined;
  beforeAll(async () => {
    if (skip !== undefined) return;
    server = await start();
    folder = workFolder();
    bench = openBench({
      connections: {
        machine: {
          kind: "host",
          ...server.more,
          cleanable: [`${folder}/logs/`, `${folder}/it's here`],
          budgets: [
            { path: `${folder}/logs`, bytes: 1_000_000 },
            { path: `${folder}/none`, bytes: 1 },
          ],
        },
      },
      connectors: [hostConnector],
    });
  });
  afterAll(async () => {
    await bench?.close();
    await server?.stop();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => {
    if (folder !== "") rmSync(join(folder, "logs"), { recursive: true, force: true });
  });
  const check = it.skipIf(skip !== undefined);

  check("measures file systems, inodes and budgets", async () => {
    oldFile(join(folder, "logs/app.log"), 500 * KIB, 0);
    const disk = await bench.call(host.disk());
    const root = disk.fileSystems.find(({ path }) => path === "/");
    expect(root?.size).toBeGreaterThan(1_000_000);
    expect(root?.usedRatio).toBeGreaterThan(0);
    expect(root?.usedRatio).toBeLessThanOrEqual(1);
    expect(disk.fileSystems.map(({ type }) => type)).not.toContain("proc");
    const [logs, none] = disk.budgets;
    expect(logs?.used).toBeGreaterThanOrEqual(500 * KIB);
    expect(none).toMatchObject({ used: null, error: "there is no such folder" });
  });

  check("reads memory, load, processes and OOM kills", async () => {
    const [memory, load, processes, kills] = await Promise.all([
      bench.call(host.memory()),
      bench.call(host.load()),
      bench.call(host.processes({ top: 5 })),
      bench.call(host.oomKills()),
    ]);
    expect(memory.available).toBeGreaterThan(0);
    expect(memory.usedRatio).toBeCloseTo(1 - memory.available / memory.total);
    expect(load.cpus).toBeGreaterThan(0);
    expect(load.uptimeSeconds).toBeGreaterThan(1);
    // One of the five may have ended before it was looked at.
    expect(processes.byMemory.length).toBeGreaterThan(0);
    expect(processes.byMemory.length).toBeLessThanOrEqual(5);
    expect(processes.byMemory[0]?.resident).toBeGreaterThanOrEqual(processes.byMemory.at(-1)?.resident ?? 0);
    expect(kills.kills.length).toBeLessThanOrEqual(20);
  });

  check("sees who uses CPU now, and hides secrets of command lines", async () => {
    const busy = await nodeProcess("console.log(1); process.title; for (;;) ; // --db-password hunter22 ");
    try {
      const { byCpu } = await bench.call(host.processes({ top: 20 }));
      const found = byCpu.find(({ pid }) => pid === busy.pid);
      expect(found?.cpus).toBeGreaterThan(0.02);
      expect(found?.command).not.toContain("hunter22");
      expect(found?.protected).toBeNull();
      expect((await bench.call(host.load())).usedRatio).toBeGreaterThan(0.1);
    } finally {
      await endProcess(busy);
    }
  });

  check("finds deleted files that are still open, once each", async () => {
    const path = oldFile(join(folder, "logs/app.log"), 3 * 1024 * KIB, 0);
    const held = openSync(path, "r");
    rmSync(path);
    const { files } = await bench.call(host.deletedOpen());
    closeSync(held);
    const mine = files.filter((file) => file.path === path);
    expect(mine).toMatchObject([{ pid: process.pid, bytes: 3 * 1024 * KIB }]);
  });

  check("lists only old, unlinked, closed leftovers inside the folders", async () => {
    const logs = join(folder, "logs");
    oldFile(join(logs, "app.log"), KIB, 30);
    oldFile(join(logs, "fresh.log.1"), KIB, 1);
    oldFile(join(logs, "backup.sql.gz"), KIB, 30);
    const wanted = [
      oldFile(join(logs, "app.log.2.gz"), KIB, 40),
      oldFile(join(logs, "sub dir/app.log.1"), KIB, 30),
    ];
    oldFile(join(logs, "app.log.3"), KIB, 30);
    linkSync(join(logs, "app.log.3"), join(logs, "linked.log.3"));
    const outside = oldFile(join(folder, "outside/app.log.1"), KIB, 30);
    symlinkSync(outside, join(logs, "symlink.log.1"));
    symlinkSync(join(folder, "outside"), join(logs, "symlinked"));
    const open = oldFile(join(logs, "open.log.1"), KIB, 30);
    const held = openSync(open, "r");
    const found = await bench.call(host.removable({ olderThanDays: 7 }));
    closeSync(held);
    expect(found.files.map(({ path }) => path)).toEqual(wanted);
    expect(found).toMatchObject({ inUse: 1, linked: 2 });
    rmSync(join(folder, "outside"), { recursive: true });
  });

  check("removes exactly what was listed, and leaves what changed alone", async () => {
    const logs = join(folder, "logs");
    const paths = ["a'b $(id).log.1", "-rf.log.2", "c.log.3"].map((name) =>
      oldFile(join(logs, name), 8 * KIB, 30),
    );
    const kept = oldFile(join(logs, "kept.log.4"), 8 * KIB, 3);
    const { files } = await bench.call(host.removable({ olderThanDays: 7 }));
    expect(files).toHaveLength(3);
    const call = host.removeFiles({ files, olderThanDays: 7 });
    const { action, client, context } = bench.resolve(call);
    const write = action as WriteAction;
    const preview = await bench.preview(call);
    expect(preview.refused).toBeUndefined();
    expect(preview.changes).toHaveLength(3);
    expect(await write.probe(client, call.input, preview.witness, context)).toMatchObject({
      verdict: "not-done",
    });
    // Written again between approval and execution, with the old modification time put back.
    appendFileSync(paths[2] ?? "", "more");
    utimesSync(paths[2] ?? "", files[0]?.modifiedAt ?? 0, files[0]?.modifiedAt ?? 0);
    const output = await bench.call(call);
    expect(output).toMatchObject({ removed: 2, left: [{ path: paths[2], why: "it has changed" }] });
    expect(paths.map((path) => existsSync(path))).toEqual([false, false, true]);
    expect(existsSync(kept)).toBe(true);
    expect(await write.probe(client, call.input, preview.witness, context)).toMatchObject({
      verdict: "unknown",
      evidence: "2 of 3 files are gone",
    });
    expect((await bench.preview(call)).refused).toContain("has changed");
    rmSync(paths[2] ?? "");
    const again = await bench.preview(call);
    expect(again.nothingToDo).toBe("the files are gone already");
    expect(write.drift?.(preview.witness, again.witness)).toEqual([]);
    expect(write.drift?.(again.witness, preview.witness)).toHaveLength(3);
  });

  check("does not follow a folder that was replaced by a symlink meanwhile", async () => {
    const logs = join(folder, "logs");
    const victim = oldFile(join(folder, "precious/app.log.1"), 8 * KIB, 30);
    oldFile(join(logs, "deep/app.log.1"), 8 * KIB, 30);
    const { files } = await bench.call(host.removable({ olderThanDays: 7 }));
    const call = host.removeFiles({ files, olderThanDays: 7 });
    renameSync(join(logs, "deep"), join(logs, "moved"));
    symlinkSync(join(folder, "precious"), join(logs, "deep"));
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
    expect(existsSync(victim)).toBe(true);
    rmSync(join(folder, "precious"), { recursive: true });
  });

  check("refuses lists that reach further", async () => {
    const logs = join(folder, "logs");
    const old = oldFile(join(logs, "app.log.1"), KIB, 30);
    const [file] = (await bench.call(host.removable())).files;
    if (file === undefined) throw new Error(`${old} was not listed`);
    const refusedOf = async (changed: object, olderThanDays = 7) =>
      (await bench.preview(host.removeFiles({ files: [{ ...file, ...changed }], olderThanDays }))).refused;
    expect(await refusedOf({ path: "/etc/app.log.1" })).toContain("not in a cleanable folder");
    expect(await refusedOf({ path: `${logs}-other/app.log.1` })).toContain("not in a cleanable folder");
    expect(await refusedOf({ path: join(logs, "app.log") })).toContain("neither");
    expect(await refusedOf({}, 60)).toContain("younger than 60 days");
    expect(() =>
      host.removeFiles({ files: [{ ...file, path: `${logs}/../x.log.1` }], olderThanDays: 7 }),
    ).toThrow("..");
    const held = openSync(old, "r");
    expect(await refusedOf({})).toContain("has");
    closeSync(held);
    expect(existsSync(old)).toBe(true);
  });

  check("asks exactly one process to end", async () => {
    const child = await nodeProcess(
      "const held = Buffer.alloc(3e8, 1); console.log(1); setInterval(() => held, 1000)",
    );
    const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    const found = await until(async () => {
      const { byMemory } = await bench.call(host.processes({ top: 20 }));
      return byMemory.find(({ pid }) => pid === child.pid);
    });
    const call = host.terminateProcess({ pid: found.pid, startTicks: found.startTicks, name: found.name });
    const { action, client, context } = bench.resolve(call);
    const write = action as WriteAction;
    const other = host.terminateProcess({
      pid: found.pid,
      startTicks: found.startTicks + 1,
      name: found.name,
    });
    expect((await bench.preview(other)).nothingToDo).toContain("has ended");
    await expect(bench.call(other)).rejects.toMatchObject({ code: "target_refused" });
    const preview = await bench.preview(call);
    expect(preview.changes[0]).toContain(`SIGTERM to process ${child.pid}`);
    expect(await write.probe(client, call.input, preview.witness, context)).toMatchObject({
      verdict: "unknown",
    });
    await bench.call(call);
    expect(await ended).toBe("SIGTERM");
    expect(await write.probe(client, call.input, preview.witness, context)).toMatchObject({
      verdict: "done",
    });
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused", detail: "ESRCH" });
  });
});
