// Ends of units as a real systemd tells them: stops that are answered with a code, codes that a shell passes on, conditions.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unitFailure } from "../../../runbooks/systemd/unit-failure.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoSystemd();
const shell = (line: string) => `[Service]\nExecStart=/bin/sh -c '${line}'\n`;

describe.skipIf(missing !== undefined)(`ends (skipped: ${missing ?? "no"})`, () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await startSystemd();
    machine.unit({
      "shop-java.service": shell('trap "exit 143" TERM; echo up; while :; do sleep 0.1; done'),
      "shop-wrap.service": shell("sleep 100000 & kill -9 $!; wait $!"),
      "shop-cond.service": `[Service]\nExecCondition=/bin/false\nExecStart=/bin/sleep 100000\n`,
      "shop-data.mount": "[Mount]\nWhat=/dev/nowhere\nWhere=/shop/data\nType=ext4\n",
    });
    for (const name of ["shop-java", "shop-wrap", "shop-cond", "shop-data.mount"])
      machine.sh(`systemctl start --no-block ${name}`);
    await until(() => machine.sh("journalctl -u shop-java -o cat").includes("up"));
    machine.sh("systemctl stop shop-java");
    await until(() =>
      ["java", "wrap"].every((one) => machine.sh(`systemctl is-active shop-${one}`).includes("failed")),
    );
    await until(() => machine.sh("journalctl -u shop-cond -o cat").includes("exec-condition"));
    await until(() => /failed|inactive/.test(machine.sh("systemctl is-active shop-data.mount")));
    machine.sh("journalctl --sync");
  });
  afterAll(() => machine?.stop());
  const diagnose = (params: Record<string, unknown> = {}) => {
    const { ssh, identity, knownHosts } = machine;
    const units = { kind: "systemd", ssh, identity, knownHosts, units: ["shop-*", "shop-data.mount"] };
    const bench = openBench({ connections: { units }, connectors: [systemdConnector] });
    return bench.diagnose(unitFailure, params).finally(() => bench.close());
  };

  it("are told apart", async () => {
    const { finding, findings } = await diagnose();
    const stopped = finding("failed:shop-java.service");
    expect(stopped.severity).toBe("warning");
    expect(stopped.title).toContain("it was stopped on request, and answers with 143");
    expect(finding("failed:shop-wrap.service").because).toContain("exit code 137: 128 and 9");
    // What a unit itself makes a condition of is no failure of it.
    expect(findings.map(({ id }) => id)).not.toContain("failed:shop-cond.service");
    expect((await diagnose({ unit: "shop-cond" })).finding("condition:shop-cond.service").severity).toBe(
      "info",
    );
  });

  it("a mount that fails says why in its own words", async () => {
    const found = (await diagnose({ unit: "shop-data.mount" })).finding("failed:shop-data.mount");
    expect(found.because).toContain("/dev/nowhere");
  });
});
