// What waits in the kernel for a server that does not answer: a real mount, a real state D.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostStalls } from "../../../runbooks/host/host-stalls.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { localMachine } from "../../../src/connectors/machine/local.ts";
import { endProcess, nodeProcess, smallFileSystem } from "../../helpers/host.ts";
import { hungMount, whyNoHungMount } from "../../helpers/hung-mount.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const skip = whyNoHungMount();

/** Processes that wait in the kernel (state D) with this path among their words. */
const waitingFor = (path: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isStuck = /^\d+ \(.*\) D /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
      return isStuck && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(path);
    } catch {
      return false;
    }
  });

describe.skipIf(skip !== undefined)(`a mount that hangs (skipped: ${skip ?? "no"})`, () => {
  let hung: { path: string; stop(): void };
  let well: { path: string; stop(): void };
  beforeAll(() => {
    hung = hungMount("nfs1:/export");
    well = smallFileSystem("size=1m");
  });
  afterAll(() => {
    hung?.stop();
    well?.stop();
  });

  it("costs the disk step neither its answer nor the other mounts, and is named with its server", async () => {
    const machine = {
      kind: "host",
      local: true,
      mounts: [well.path, hung.path, "/"],
      budgets: [{ path: hung.path, bytes: 1 }],
    };
    const bench = openBench({ connections: { machine }, connectors: [hostConnector] });
    const disk = await bench.call(host.disk()).finally(() => bench.close());
    expect(disk.fileSystems.map(({ path }) => path)).toEqual([well.path, "/"]);
    expect(disk.unreadable).toMatchObject([
      { path: hung.path, why: "hangs", of: { device: "nfs1:/export", type: "fuse.sshfs" } },
    ]);
    expect(disk.budgets).toMatchObject([{ used: null, error: `${hung.path} does not answer` }]);
    const [fault] = host.faultsOf(disk);
    expect(fault).toMatchObject({ id: `not-answering:${hung.path}`, severity: "critical" });
    expect(fault?.title).toBe(`${hung.path} does not answer (fuse.sshfs, nfs1:/export)`);
    expect(fault?.because).toContain("The server is nfs1.");
  });

  it("is asked by one process however often it is looked at, and no look into folders waits for it", async () => {
    const deep = join(well.path, "deep");
    mkdirSync(join(deep, "nfs"), { recursive: true });
    writeFileSync(join(deep, "large"), Buffer.alloc(300_000, 1));
    const below = hungMount("nfs2:/export", join(deep, "nfs"));
    try {
      const machine = { kind: "host", local: true, mounts: [below.path], cleanable: [below.path, deep] };
      const bench = openBench({ connections: { machine }, connectors: [hostConnector] });
      try {
        await bench.call(host.disk());
        await until(() => waitingFor(below.path).length === 1);
        const [disk, into, old] = await Promise.all([
          bench.call(host.disk()),
          bench.call(host.largest({ fileSystems: [well.path] })),
          bench.call(host.removable()),
        ]);
        expect(disk.unreadable[0]?.why).toBe("hangs");
        expect(into.files.map(({ path }) => path)).toEqual([join(deep, "large")]);
        expect(into.looked).toEqual([{ path: well.path, bytes: null }]);
        expect(into.notSeen).toMatchObject([{ what: `what lies in ${below.path}` }]);
        expect(old).toMatchObject({ folders: [deep], notSeen: [{ what: `what lies in ${below.path}` }] });
      } finally {
        await bench.close();
      }
      // Another worker, or the command line: what waits already tells it.
      const other = openBench({ connections: { machine }, connectors: [hostConnector] });
      const disk = await other.call(host.disk()).finally(() => other.close());
      expect(disk.unreadable[0]?.says).toMatch(/a look at it that began .* ago still waits \(pid \d+\)/);
      expect(waitingFor(below.path)).toHaveLength(1);
    } finally {
      below.stop();
    }
  });

  it("whoever waits for it is named with what it waits for; a busy machine beside it is not", async () => {
    const waiting = spawn("ls", [hung.path], { stdio: "ignore" });
    const busy = await nodeProcess("console.log(1); for (;;) require('fs').statfsSync('/');");
    const isStuck = () => / \(ls\) D /.test(readFileSync(`/proc/${waiting.pid}/stat`, "utf8"));
    // FUSE lets signals interrupt it until one has come: then it waits where not even this one ends it.
    await until(() => waiting.kill("SIGKILL") && isStuck());
    const bench = openBench({
      connections: { machine: { kind: "host", local: true } },
      connectors: [hostConnector],
    });
    const diagnosis = await bench.diagnose(hostStalls).finally(() => bench.close());
    await endProcess(busy);
    const finding = diagnosis.finding("stuck:fuse");
    expect(finding.title).toContain(`ls (pid ${waiting.pid})`);
    expect(finding.because).toContain(`${hung.path} of nfs1`);
    expect(finding.remedies).toEqual(["restartFuse"]);
    expect(JSON.stringify(finding)).not.toContain(`pid ${busy.pid})`);
    expect(diagnosis.advice("restartFuse")).toContain(`umount -f ${hung.path}`);
  });

  it("does not hold back a command beyond its deadline, though no signal ends it", async () => {
    const limits = { signal: new AbortController().signal, timeoutMs: 500, maxBytes: 1_000 };
    await expect(localMachine().run(["ls", hung.path], limits)).rejects.toMatchObject({ code: "timeout" });
  });
});
