// A real quota: a program that wants a whole CPU and may have a tenth.
import { spawn } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { hostStalls } from "../../../runbooks/host/host-stalls.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { endProcess } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

// As systemd writes a dash within a name: a plain xargs would eat the backslash.
const NAME = `diagbot\\x2d${process.pid}`;
const folder = `/sys/fs/cgroup/cpu/${NAME}`;
const closed = ((): string | undefined => {
  try {
    mkdirSync(folder);
    writeFileSync(`${folder}/cpu.cfs_quota_us`, "10000");
    return undefined;
  } catch {
    return "no control group (version 1) with a quota can be made";
  }
})();

it.skipIf(closed !== undefined)(`a group is stopped by its quota (skipped: ${closed ?? "no"})`, async () => {
  const busy = spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
  try {
    writeFileSync(`${folder}/cgroup.procs`, String(busy.pid));
    const bench = openBench({
      connections: { machine: { kind: "host", local: true } },
      connectors: [hostConnector],
    });
    const { finding, advice } = await bench.diagnose(hostStalls).finally(() => bench.close());
    const evidence = JSON.stringify(finding("throttled"));
    expect(evidence).toContain(`/cpu/${NAME.replace("\\", "\\\\")}`);
    expect(advice("raiseQuota")).toContain("docker update --cpus");
  } finally {
    await endProcess(busy);
    await until(() => {
      rmdirSync(folder);
      return true;
    });
  }
});
