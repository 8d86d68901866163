// doctor's own lines in a real sudoers, on a real systemd.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sudoersOf } from "../../../src/connectors/systemd/check.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { systemd } from "../../../src/sdk/index.ts";
import { onPath } from "../../helpers/docker.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoSystemd() ?? (onPath("sudo") === undefined ? "sudo is not on the PATH" : undefined);

describe.skipIf(missing !== undefined)(`sudo${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
  let machine: SystemdMachine;
  beforeAll(async () => {
    machine = await startSystemd();
  });
  afterAll(() => machine?.stop());

  it("the lines that doctor prints allow exactly what is done to the unit, and nothing to another", async () => {
    const unit = "[Service]\nExecStart=/bin/sleep 100000\n";
    machine.unit({ "shop-api.service": unit, "shop-web.service": unit });
    writeFileSync(
      join(machine.root, "etc/sudoers.d/diagbot"),
      `${sudoersOf("visitor", ["shop-api.service"]).join("\n")}\n`,
      { mode: 0o440 },
    );
    const { identity, knownHosts } = machine;
    const bench = openBench({
      connections: {
        units: { kind: "systemd", ssh: machine.sshUser, identity, knownHosts, units: ["shop-*"], sudo: true },
      },
      connectors: [systemdConnector],
    });
    const is = (what: string, wanted: string) =>
      until(() => machine.sh(`systemctl show --property=${what} --value shop-api`).trim().includes(wanted));
    try {
      await bench.call(systemd.startUnit({ unit: "shop-api", invocation: "" }));
      await is("ActiveState", "active");
      const limits = { unit: "shop-api", key: "open-files", openFiles: 4_096 };
      await bench.call(systemd.writeDropIn(limits));
      await is("LimitNOFILE", "4096");
      await bench.call(systemd.removeDropIn(limits));
      await is("LimitNOFILE", "524288");
      await expect(bench.call(systemd.startUnit({ unit: "shop-web", invocation: "" }))).rejects.toMatchObject(
        { code: "target_refused" },
      );
    } finally {
      await bench.close();
    }
  });

  it("start-up files of whoever runs the tests are not read in the machine, whatever they wait for", async () => {
    machine.sh("mv /root/.bashrc /root/.bashrc.kept; echo 'exec sleep 600' > /root/.bashrc");
    const { ssh, identity, knownHosts } = machine;
    const bench = openBench({
      connections: { units: { kind: "systemd", ssh, identity, knownHosts, units: ["lab-*"] } },
      connectors: [systemdConnector],
    });
    try {
      expect((await bench.call(systemd.units())).units.map(({ name }) => name)).toContain("lab-sshd.service");
    } finally {
      await bench.close();
      machine.sh("rm /root/.bashrc; mv /root/.bashrc.kept /root/.bashrc");
    }
  });
});
