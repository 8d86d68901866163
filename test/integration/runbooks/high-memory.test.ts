import { rmSync, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import ssh2 from "ssh2";
import { afterEach, describe, expect, it } from "vitest";
import { highMemory } from "../../../runbooks/host/high-memory.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { endProcess, nodeProcess, workFolder } from "../../helpers/host.ts";
import { freePort } from "../../helpers/ports.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const MIB = 1024 * 1024;
const HOG_MIB = 1536;
const noMemory =
  freemem() < 3 * HOG_MIB * MIB ? `less than ${3 * HOG_MIB} MiB of memory are free` : undefined;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function benchOf(machine: object, memory = 0.8): Bench {
  const bench = openBench({
    connections: { machine: { kind: "host", ...machine } },
    connectors: [hostConnector],
    thresholds: { memory },
  });
  cleanups.push(() => bench.close());
  return bench;
}

/** Takes real memory, and reports once it holds it. */
const hog = async () => {
  const source = `const held = []; for (let i = 0; i < ${HOG_MIB / 64}; i++) held.push(Buffer.alloc(${64 * MIB}, 1)); console.log(held.length); setInterval(() => held, 1000);`;
  const child = await nodeProcess(source);
  cleanups.push(() => endProcess(child));
  return child;
};

describe.skipIf(noMemory !== undefined)(`memory that is really taken (skipped: ${noMemory ?? "no"})`, () => {
  it("names the process, ends it once approved, and holds when memory is back", async () => {
    const before = await benchOf({ local: true }).call(host.memory());
    const half = (HOG_MIB * MIB) / 2 / before.total;
    const bench = benchOf({ local: true }, before.usedRatio + half);
    expect((await bench.diagnose(highMemory)).findings.map(({ id }) => id)).not.toContain("memory-low");
    const child = await hog();
    const ended = new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
    const diagnosis = await bench.diagnose(highMemory);
    const finding = diagnosis.finding("memory-low");
    expect(finding.title).toMatch(
      new RegExp(`memory in use, .* available(; node \\(pid ${child.pid}\\) holds|, spread over many)`),
    );
    expect(finding.because).toContain(`pid ${child.pid}`);
    expect(finding.remedies).toContain("endLargest");
    expect(diagnosis.advice("restartLargest")).toContain(`pid ${child.pid}`);
    const applied = await diagnosis.apply("endLargest");
    expect(applied.previews[0]?.changes[0]).toContain(`SIGTERM to process ${child.pid}`);
    expect(await ended).toBe("SIGTERM");
    expect(applied.holds).toBe(true);
  });

  it("does not offer to end a process that would not help", async () => {
    const before = await benchOf({ local: true }).call(host.memory());
    // So low that the machine is over it without the process too.
    const bench = benchOf({ local: true }, before.usedRatio / 2);
    await hog();
    const diagnosis = await bench.diagnose(highMemory);
    expect(diagnosis.finding("memory-low").remedies).not.toContain("endLargest");
    expect((await diagnosis.apply("endLargest")).calls).toEqual([]);
  });
});

it("a machine that cannot be reached is the finding", async () => {
  const folder = workFolder();
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const knownHosts = join(folder, "known_hosts");
  const identity = join(folder, "id");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ssh-ed25519 AAAA\n`);
  writeFileSync(identity, "no key");
  const broken = await benchOf({ ssh: `ops@127.0.0.1:${port}`, knownHosts, identity }).diagnose(highMemory);
  expect(broken.finding("machine-unreachable").because).toContain("privateKey");
  writeFileSync(identity, ssh2.utils.generateKeyPairSync("ed25519").private);
  const { findings } = await benchOf({ ssh: `ops@127.0.0.1:${port}`, knownHosts, identity }).diagnose(
    highMemory,
  );
  expect(findings).toMatchObject([
    { id: "machine-unreachable", because: expect.stringContaining("ECONNREFUSED") },
  ]);
});
