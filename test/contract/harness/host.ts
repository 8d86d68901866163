import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { host } from "../../../src/sdk/index.ts";
import { onPath } from "../../helpers/docker.ts";
import { startDumpServer, whyNoDumps } from "../../helpers/dumps.ts";
import { endProcess, nodeProcess, oldFile, startSshd, whyNoSshd, workFolder } from "../../helpers/host.ts";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";
import type { Harness, WriteCase } from "../harness.ts";
import { mute, nowhere } from "../servers.ts";
import { dumpWrites } from "./host-dumps.ts";
import { openPortWrites } from "./host-firewall.ts";
import { growCase } from "./host-grow.ts";
import { rotationCase } from "./host-rotation.ts";
import { swapDisk } from "./host-swap.ts";

/** This machine behind a real sshd of our own. */
export const harness: Harness = {
  missing: whyNoSshd() ?? whyNoDumps(),
  start: async () => {
    const server = await startSshd();
    const folder = workFolder();
    const logs = join(folder, "logs");
    mkdirSync(logs);
    const databases = await startDumpServer();
    const dumps = join(folder, "dumps");
    mkdirSync(dumps);
    const swap = swapDisk();
    const grow = growCase();
    const rotation = rotationCase(folder);
    const ports = openPortWrites();
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
      ...{ identity, knownHosts, cleanable: [logs], firewall: { open: ["203.0.113.0/24"] } },
      processes: [{ match: "diagbot-name", bytes: 1 }],
      swapFile: { path: swap.path },
      grow: { mounts: [grow.path] },
      logrotate: rotation.settings,
      dumps: [
        {
          ...{ name: "kept", folder: dumps },
          restore: { user: "rehearser", host: "127.0.0.1", port: databases.port },
        },
      ],
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
      writes: {
        ...writes(logs, children),
        ...dumpWrites(databases, dumps),
        ...swap.writes,
        ...grow.writes,
        ...rotation.writes,
        ...ports.writes,
      },
      stop: async () => {
        await Promise.all(children.map(endProcess));
        spawnSync("nft", ["delete", "table", "inet", "diagbot"], { stdio: "ignore" });
        ports.stop();
        swap.stop();
        grow.stop();
        await silent.close();
        await server.stop();
        await databases.stop();
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
        return host.terminateProcess({ pid: child.pid, startTicks: startOf(child.pid), name: "node" });
      },
      spoil: () => Promise.all(children.splice(0).map(endProcess)),
    },
    "host.renice": {
      prepare: async () => {
        await Promise.all(children.splice(0).map(endProcess));
        const child = await nodeProcess("console.log(1); setInterval(() => {}, 1000)");
        children.push(child);
        // Tests themselves may run nice.
        const from = getPriority(child.pid);
        const to = Math.min(19, from + 3);
        return host.renice({ pid: child.pid, startTicks: startOf(child.pid), name: "node", from, to });
      },
      spoil: () => Promise.all(children.splice(0).map(endProcess)),
    },
    ...firewallWrites(),
    "host.free-port": {
      notDoneIs: "unknown",
      prepare: async () => {
        await Promise.all(children.splice(0).map(endProcess));
        const port = await freePort();
        const listens = `require("net").createServer(() => {}).listen(${port}, "127.0.0.1", () => console.log(1))`;
        const child = await nodeProcess(listens);
        children.push(child);
        const process = { pid: child.pid, startTicks: startOf(child.pid), name: "node" };
        return host.freePort({ port, protocol: "tcp", ...process });
      },
      spoil: () => Promise.all(children.splice(0).map(endProcess)),
    },
  };
}

/** An address of documentation (RFC 5737): nobody sends from it. Our table goes again before each case. */
function firewallWrites(): Record<string, WriteCase> {
  const missing =
    process.getuid?.() !== 0
      ? "nft needs root"
      : onPath("nft") === undefined
        ? "nft is not on the PATH"
        : undefined;
  const nft = (...words: string[]) => spawnSync("nft", words, { stdio: "ignore" });
  const input = { address: "203.0.113.77", seconds: 600 };
  const block = () => {
    nft("add", "table", "inet", "diagbot");
    nft("add", "set", "inet", "diagbot", "blocked4", "{ type ipv4_addr; flags timeout; }");
    nft("add", "element", "inet", "diagbot", "blocked4", `{ ${input.address} timeout 600s }`);
  };
  const away = () => nft("delete", "table", "inet", "diagbot");
  return {
    "host.block-address": {
      missing,
      prepare: async () => {
        away();
        return host.blockAddress(input);
      },
      spoil: async () => block(),
    },
    "host.unblock-address": {
      missing,
      prepare: async () => {
        block();
        return host.unblockAddress(input);
      },
      spoil: async () => away(),
    },
  };
}

/** Clock ticks after boot at which a process began. */
function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}
