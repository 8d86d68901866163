// A real systemd in a container over this machine's root, reached by a real sshd.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { unitFailure } from "../../../runbooks/systemd/unit-failure.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoSystemd();
const SLEEP = "ExecStart=/bin/sleep 100000\n";

/** Units that fail, each in its own way, and what of the title tells which. */
const FAULTS: readonly (readonly [name: string, file: string, title: RegExp])[] = [
  [
    "shop-env.service",
    `[Service]\nEnvironmentFile=/nowhere/env\n${SLEEP}`,
    /its file of environment cannot be read/,
  ],
  [
    "shop-perm.service",
    "[Service]\nExecStart=/etc/passwd\n",
    /its program may not be executed \(203\/EXEC\)/,
  ],
  [
    "shop-stop.service",
    "[Service]\nExecStart=/bin/true\nExecStopPost=/bin/false\n",
    /its ExecStopPost fails/,
  ],
  ["shop-post.service", `[Service]\n${SLEEP}ExecStartPost=/bin/false\n`, /its ExecStartPost fails/],
  ["shop-max.service", `[Service]\nRuntimeMaxSec=1\n${SLEEP}`, /time limit \(RuntimeMaxSec\)/],
  [
    "shop-size.service",
    "[Service]\nLimitFSIZE=4096\nExecStart=/bin/dd if=/dev/zero of=/tmp/shop-size bs=4096 count=10\n",
    /a file grew to its limit \(SIGXFSZ\)/,
  ],
  [
    "shop-pid.service",
    "[Service]\nType=forking\nPIDFile=/run/shop-none.pid\nExecStart=/bin/true\n",
    /its PID file did not come/,
  ],
  [
    "shop-b.socket",
    "[Socket]\nListenStream=127.0.0.1:7001\n",
    /the port or socket it is to listen on is taken/,
  ],
];

describe.skipIf(missing !== undefined)(
  `what systemd says beside a result${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    let machine: SystemdMachine;
    let run: Diagnosis;
    const bench = () =>
      openBench({
        connections: {
          units: {
            ...{
              kind: "systemd",
              ssh: machine.ssh,
              identity: machine.identity,
              knownHosts: machine.knownHosts,
            },
            units: ["shop-*", "shop-*.socket"],
          },
        },
        connectors: [systemdConnector],
      });

    beforeAll(async () => {
      machine = await startSystemd();
      machine.unit({
        ...Object.fromEntries(FAULTS.map(([name, file]) => [name, file])),
        "shop-a.socket": "[Socket]\nListenStream=127.0.0.1:7001\n",
        "shop-a.service": `[Service]\n${SLEEP}`,
        "shop-b.service": `[Service]\n${SLEEP}`,
        "shop-t@.service": `[Service]\n${SLEEP}`,
        "shop-well.service": `[Service]\n${SLEEP}`,
      });
      for (const name of [
        "shop-a.socket",
        "shop-well.service",
        "shop-t@1.service",
        ...FAULTS.map(([one]) => one),
      ])
        machine.sh(`systemctl start ${name} 2>&1; true`);
      for (const [name] of FAULTS)
        await until(() =>
          machine.sh(`systemctl show --property=ActiveState --value ${name}`).includes("failed"),
        );
      machine.sh("journalctl --sync");
      const own = bench();
      run = await own.diagnose(unitFailure);
      await own.close();
    });
    afterAll(() => machine?.stop());

    it.each(FAULTS.map(([name, , title]) => [name, title] as const))("%s: %s", (name, title) =>
      expect(run.finding(`failed:${name}`).title).toMatch(title),
    );

    it("what runs beside them, and the instance of a template, is well", () =>
      expect(run.findings.map(({ id }) => id).filter((id) => /well|shop-a|shop-t/.test(id))).toEqual([]));

    it("a template has no state: that is said, and no 'nothing wrong'", async () => {
      const own = bench();
      const ids = async (unit: string) =>
        (await own.diagnose(unitFailure, { unit })).findings.map(({ id }) => id);
      expect(await ids("shop-t@")).toEqual(["could-not-look"]);
      expect(await ids("shop-t@1")).toEqual([]);
      await own.close();
    });
  },
);
