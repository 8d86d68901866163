import type { SystemdMachine } from "../../../helpers/systemd.ts";
import { until } from "../../../helpers/until.ts";
import type { Keep } from "../../words.ts";

const FOREVER = "ExecStart=/bin/sleep 100000\n";

/** A unit of one scenario, seen by the connection as the only one. */
export const unitOn = (machine: SystemdMachine, name: string) => {
  const show = (property: string): string =>
    machine.sh(`systemctl show --property=${property} --value ${name}.service`).trim();
  const run = (text: string, keep: Keep): void => {
    keep(() => machine.clear(`${name}.service`));
    machine.unit({ [`${name}.service`]: text });
    machine.sh(`systemctl start ${name} 2>&1`);
  };
  return {
    connection: {
      kind: "systemd",
      ssh: machine.ssh,
      identity: machine.identity,
      knownHosts: machine.knownHosts,
      units: [name],
    },
    labels: { name: `${name}.service`, state: "failed" },
    run,
    show,
    /** It has failed, and all that was said of it stands in the journal. */
    failed: async (): Promise<void> => {
      await until(() => show("ActiveState") === "failed");
      machine.sh("journalctl --sync");
    },
    /** The healthy one: it runs. */
    runs: async (keep: Keep): Promise<void> => {
      run(`[Service]\n${FOREVER}`, keep);
      await until(() => show("ActiveState") === "active");
    },
  };
};

/** A service whose program says a line and ends with an error; systemd gives up after two starts. */
export const sayingAndEnding = (line: string, code = 1): string =>
  `[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nRestart=always\nRestartSec=50ms\nExecStart=/bin/sh -c 'echo "${line}"; exit ${code}'\n`;
