import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { serviceFolder } from "./folder.ts";
import { freeNodePort, freePort } from "./ports.ts";
import { until } from "./until.ts";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: () => number;
  /** Ends the process as a crash would; `start` brings it back on the same port, empty. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Why there is no Redis for tests; undefined: there is. */
export function whyNoRedis(): string | undefined {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no redis-server on the PATH (Debian: apt-get install redis-server), and REDIS_URL is not set";
  }
}

/** A private redis-server without persistence. */
export async function startRedis(extraArguments: readonly string[] = []): Promise<RedisServer> {
  const folder = serviceFolder();
  const port = extraArguments.includes("--cluster-enabled") ? await freeNodePort() : await freePort();
  let child: ChildProcess | undefined;
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    pid: () => child?.pid ?? 0,
    start: async () => {
      child = spawn(
        "redis-server",
        [
          ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
          ...["--dir", folder, "--pidfile", join(folder, "redis.pid"), "--daemonize", "no"],
          ...["--maxmemory-policy", "noeviction", ...extraArguments],
        ],
        { stdio: ["ignore", "pipe", "ignore"] },
      );
      await isUp(child);
    },
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    stop: async () => {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** It says itself that it listens: whoever answers at its port may be somebody else. Throws with its last words if it ends. */
async function isUp(child: ChildProcess): Promise<void> {
  let said = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  await until(() => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`redis-server ended: ${said}`);
    return said.includes("Ready to accept connections");
  });
}
