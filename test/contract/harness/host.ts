import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { host } from "../../../src/sdk/index.ts";
import { endProcess, nodeProcess, oldFile, startSshd, whyNoSshd, workFolder } from "../../helpers/host.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";

/** This machine behind a real sshd of our own. */
export const harness: Harness = {
  missing: whyNoSshd(),
  start: async () => {
    const server = await startSshd();
    const folder = workFolder();
    const logs = join(folder, "logs");
    mkdirSync(logs);
    const silent = await mute();
    const free = await nowhere();
    const children: ChildProcess[] = [];
    const user = server.ssh.split("@")[0];
    // The other ports are believed to be the same machine.
    const key = readFileSync(server.knownHosts, "utf8").trim().split(" ").slice(1).join(" ");
    const knownHosts = join(folder, "known_hosts");
    writeFileSync(
      knownHosts,
      [server.port, silent.port, free].map((port) => `[127.0.0.1]:${port} ${key}\n`).join(""),
    );
    const stranger = join(folder, "stranger");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", stranger]);
    const at = (port = server.port, identity = server.identity) => ({
      ssh: `${user}@127.0.0.1:${port}`,
      ...{ identity, knownHosts, cleanable: [logs] },
      processes: [{ match: "diagbot-name", bytes: 1 }],
    });
    return {
      settings: at(),
      read: host.load(),
      // The key itself; its path is for people.
      secrets: [readFileSync(server.identity, "utf8").split("\n")[2] ?? ""],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: { settings: at(server.port, stranger), code: "target_auth" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: async (open, { signal, timeoutMs }) => {
        const { machine } = open() as { machine: { run(argv: string[], limits: object): Promise<unknown> } };
        return machine.run(["yes"], { signal, timeoutMs, maxBytes: 100_000 });
      },
      foreign: async (name, run) => {
        // No argument of a program holds a NUL.
        const named = spawn(process.execPath, [
          "-e",
          "setInterval(() => {}, 1000)",
          name.replaceAll("\u0000", ""),
        ]);
        children.push(named);
        try {
          return await until(async () => {
            const output = await run(host.processBudgets());
            return JSON.stringify(output).includes(`${named.pid}`) && output;
          });
        } finally {
          await endProcess(named);
        }
      },
      writes: writes(logs, children),
      stop: async () => {
        await Promise.all(children.map(endProcess));
        await silent.close();
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
};

function writes(logs: string, children: ChildProcess[]): Record<string, WriteCase> {
  const path = join(logs, "app.log.1");
  return {
    "host.remove-files": {
      prepare: async () => {
        rmSync(path, { force: true });
        oldFile(path, 8_192, 30);
        const { dev, ino, size, mtimeMs, blocks } = statSync(path);
        const modifiedAt = Math.floor(mtimeMs / 1000);
        const file = { path, id: `${dev}:${ino}`, size, modifiedAt, frees: blocks * 512 };
        return host.removeFiles({ files: [file], olderThanDays: 7 });
      },
      spoil: async () => appendFileSync(path, "more"),
    },
    "host.terminate-process": {
      notDoneIs: "unknown",
      prepare: async () => {
        await Promise.all(children.splice(0).map(endProcess));
        const child = await nodeProcess("console.log(1); setInterval(() => {}, 1000)");
        children.push(child);
        const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return host.terminateProcess({ pid: child.pid, startTicks: Number(fields[19]), name: "node" });
      },
      spoil: () => Promise.all(children.splice(0).map(endProcess)),
    },
  };
}
