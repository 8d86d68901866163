import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Call } from "../../../src/core/words/action.ts";
import { systemd } from "../../../src/sdk/index.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

const API = "[Service]\nExecStart=/bin/sleep 1000\nExecReload=/bin/true\n";

/** A real systemd of our own, behind a real sshd. */
export const harness: Harness = {
  missing: whyNoSystemd(),
  start: async () => {
    const machine = await startSystemd();
    const silent = await mute();
    const free = await nowhere();
    const knownHosts = `${machine.knownHosts}-all`;
    const key = readFileSync(machine.knownHosts, "utf8").trim().split(" ").slice(1).join(" ");
    writeFileSync(
      knownHosts,
      [machine.port, silent.port, free].map((port) => `[127.0.0.1]:${port} ${key}\n`).join(""),
    );
    const stranger = `${machine.identity}-stranger`;
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    machine.unit({ "shop-api.service": API });
    const at = (port = machine.port, identity = machine.identity) => ({
      ssh: `root@127.0.0.1:${port}`,
      ...{ identity, knownHosts, units: ["shop-*"] },
    });
    return {
      settings: at(),
      read: systemd.units(),
      secrets: [readFileSync(machine.identity, "utf8").split("\n")[2] ?? ""],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(machine.port, stranger), code: "target_auth" },
        "not permitted": {
          settings: { ...at(), ssh: machine.sshUser },
          call: systemd.startUnit({ unit: "shop-api", invocation: "" }),
          code: "target_refused",
        },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: async (_open, _context, run) => {
        machine.unit({
          "shop-loud.service": `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'i=0; while [ $i -lt 3000 ]; do echo "line $i ${"x".repeat(900)}"; i=$((i+1)); done'\n`,
        });
        machine.sh("systemctl start shop-loud");
        return run(systemd.lastLines({ units: ["shop-loud"], lines: 200 }));
      },
      foreign: async (name, run) => {
        // A line of a program: the journal keeps whatever bytes it holds.
        const said = Buffer.from(name.replaceAll("\u0000", "")).toString("base64");
        machine.clear("shop-said.service");
        machine.unit({
          "shop-said.service": `[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo ${said} | base64 -d'\n`,
        });
        machine.sh("systemctl start shop-said");
        return until(async () => {
          const output = await run(systemd.lastLines({ units: ["shop-said"] }));
          return JSON.stringify(output).includes("diagbot-name") && output;
        });
      },
      writes: writes(machine),
      stop: async () => {
        await silent.close();
        await machine.stop();
      },
    };
  },
};

function writes(machine: SystemdMachine): Record<string, WriteCase> {
  const invocation = () => machine.sh("systemctl show --property=InvocationID --value shop-api").trim();
  /** Made anew, as if for the first time: the start budget counts what an hour has seen. */
  const fresh = async (isUp: boolean) => {
    machine.clear("shop-api.service");
    machine.sh("journalctl --rotate; journalctl --vacuum-time=1s");
    machine.unit({ "shop-api.service": API });
    machine.sh(isUp ? "systemctl start shop-api" : "systemctl stop shop-api");
    return { unit: "shop-api", invocation: isUp ? invocation() : "", active: isUp ? "active" : "inactive" };
  };
  const again = async () => machine.sh("systemctl restart shop-api");
  const path = join(machine.root, "etc/systemd/system/shop-api.service");
  const limits = { unit: "shop-api", key: "open-files", openFiles: 4096, restart: false, invocation: "" };
  return {
    "systemd.restart-unit": { prepare: async () => systemd.restartUnit(await fresh(true)), spoil: again },
    "systemd.start-unit": { prepare: async () => systemd.startUnit(await fresh(false)), spoil: again },
    "systemd.stop-unit": {
      prepare: async () => systemd.stopUnit(await fresh(true)),
      spoil: async () => machine.sh("systemctl stop shop-api"),
    },
    "systemd.reload-unit": { prepare: async () => systemd.reloadUnit(await fresh(true)), spoil: again },
    "systemd.daemon-reload": {
      prepare: async (): Promise<Call> => {
        await fresh(true);
        appendFileSync(path, "Environment=A=1\n");
        // systemd compares times of files in seconds.
        machine.sh("touch -d '+5 seconds' /etc/systemd/system/shop-api.service");
        return systemd.daemonReload({ units: ["shop-api"] });
      },
      spoil: async () => machine.sh("systemctl daemon-reload"),
    },
    "systemd.write-drop-in": {
      prepare: async () => {
        await fresh(true);
        return systemd.writeDropIn(limits);
      },
      spoil: async () =>
        machine.sh(
          "mkdir -p /etc/systemd/system/shop-api.service.d; echo > /etc/systemd/system/shop-api.service.d/diagbot-open-files.conf",
        ),
    },
    "systemd.remove-drop-in": {
      prepare: async () => {
        await fresh(true);
        const written = systemd.writeDropIn(limits).input as unknown as typeof limits;
        machine.sh(
          "mkdir -p /etc/systemd/system/shop-api.service.d; printf '# Written by diagbot. To take it back: remove this file, then `systemctl daemon-reload`.\\n[Service]\\nLimitNOFILE=4096\\n' > /etc/systemd/system/shop-api.service.d/diagbot-open-files.conf; systemctl daemon-reload",
        );
        return systemd.removeDropIn(written);
      },
      spoil: async () => machine.sh("echo >> /etc/systemd/system/shop-api.service.d/diagbot-open-files.conf"),
    },
  };
}
