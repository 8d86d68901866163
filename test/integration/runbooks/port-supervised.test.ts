// A process that comes back: what looks after it is named, and "the process has ended" is not "the port is free".
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { portConflict } from "../../../runbooks/host/port-conflict.ts";
import type { RunContext } from "../../../src/core/words/runbook.ts";
import { workFolder } from "../../helpers/host.ts";
import { hostBench, processes } from "../../helpers/host-bench.ts";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";

const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : undefined;
const skip = process.platform !== "linux" || python === undefined;
const { run, end } = processes();
afterEach(end);

/** Starts a server on the port, again and again, under a name of its own. */
const keeping = (port: number) => `import ctypes, subprocess
server = "require('net').createServer(() => {}).listen(${port}, '127.0.0.1', () => console.log(1))"
ends_with_us = lambda: ctypes.CDLL(None).prctl(1, 9)
while True:
  subprocess.Popen([${JSON.stringify(process.execPath)}, "-e", server], preexec_fn=ends_with_us).wait()`;

const named = async (name: string, port: number, work: () => Promise<void>) => {
  const folder = workFolder();
  symlinkSync(python ?? "", join(folder, name));
  const bench = hostBench([], {}, { patienceMs: 3_000 });
  try {
    await run([join(folder, name), "-c", keeping(port)]);
    await work();
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

it.skipIf(skip)("its supervisor is named, and nothing is ended that it would start again", async () => {
  const port = await freePort();
  const bench = hostBench();
  await named("supervisord", port, async () => {
    const diagnosis = await bench.diagnose(portConflict, { port, service: "api.service" });
    const found = diagnosis.finding(`taken:${port}`);
    expect(found.title).toMatch(/which supervisord \(pid \d+\) looks after/);
    expect(found.remedies).toEqual(["stopHolder", "movePort"]);
    expect(diagnosis.advice("stopHolder")).toContain("supervisorctl stop");
  });
  await bench.close();
});

it.skipIf(skip)(
  "a keeper nobody knows: once its child has the port again, that is not verified",
  async () => {
    const port = await freePort();
    const bench = hostBench([], {}, { patienceMs: 1_000 });
    await named("keeper", port, async () => {
      const { seen } = await bench.diagnose(portConflict, { port, service: "api.service" });
      const remedy = portConflict.remedies.freePort;
      if (remedy === undefined || remedy.advice !== undefined) throw new Error("no such write");
      const done = [{ action: "host.free-port", input: { name: "node" }, output: {} }];
      const context = { params: { service: "api.service" } } as unknown as RunContext;
      // What its own promise asks (this pid lets go) would hold by now: another one of its kind has the port.
      expect(remedy.verify.holds(seen, done, context)).toBe(false);
      await end();
      const free = await until(async () => {
        const again = await bench.diagnose(portConflict, { port, service: "api.service" });
        return again.findings.some(({ id }) => id === `free:${port}`) && again.seen;
      });
      expect(remedy.verify.holds(free, done, context)).toBe(true);
    });
    await bench.close();
  },
);
