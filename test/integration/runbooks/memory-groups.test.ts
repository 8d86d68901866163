// A real control group with a memory limit, and a program that holds most of it.
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { highMemory } from "../../../runbooks/host/high-memory.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { endProcess, nodeProcess } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const MIB = 1024 * 1024;
const NAME = `diagbot\\x2dmemory\\x2d${process.pid}`;
const folder = `/sys/fs/cgroup/memory/${NAME}`;
const closed = ((): string | undefined => {
  try {
    mkdirSync(folder);
    writeFileSync(`${folder}/memory.limit_in_bytes`, String(160 * MIB));
    return undefined;
  } catch {
    return "no control group (version 1) with a memory limit can be made";
  }
})();

it.skipIf(closed !== undefined)(
  `a unit near its own limit is found, one that holds little is not (skipped: ${closed ?? "no"})`,
  async () => {
    const holder = await nodeProcess(
      "setInterval(() => {}, 1e6); const held = []; console.log(1); process.on('SIGUSR2', () => { held.push(Buffer.alloc(110 * 1024 * 1024, 1)); console.log(2); });",
    );
    const bench = openBench({
      connections: { machine: { kind: "host", local: true } },
      connectors: [hostConnector],
      thresholds: { memory: 1 },
    });
    const mine = async () => {
      const { findings, advice } = await bench.diagnose(highMemory);
      return { found: findings.filter(({ title }) => title.includes(NAME)), advice };
    };
    try {
      writeFileSync(`${folder}/cgroup.procs`, String(holder.pid));
      expect((await mine()).found).toEqual([]);
      holder.kill("SIGUSR2");
      const { found, advice } = await until(async () => {
        // What was charged before it came into the group is not the group's: so much as still fits.
        writeFileSync(`${folder}/memory.limit_in_bytes`, String(116 * MIB));
        const seen = await mine();
        return seen.found.length > 0 ? seen : undefined;
      });
      expect(found).toMatchObject([{ id: `group-near-limit:/${NAME}`, remedies: ["raiseLimit"] }]);
      expect(found[0]?.title).toMatch(/holds 11\d MiB: \d+ % of its memory limit of 116 MiB$/);
      expect(advice("raiseLimit")).toContain("MemoryMax=");
    } finally {
      await bench.close();
      await endProcess(holder);
      await until(() => {
        rmdirSync(folder);
        return true;
      });
    }
  },
);
