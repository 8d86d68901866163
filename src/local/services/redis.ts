import { access, constants, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { lastLines, startChild } from "../house/child.ts";
import type { HouseFolder } from "../house/folder.ts";
import { until } from "../house/until.ts";

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Path of redis-server, or undefined: then there is no Redis in the try-out, and it says so. */
export async function findRedis(path = process.env.PATH ?? ""): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter((entry) => entry !== "")) {
    const candidate = join(folder, "redis-server");
    const runs = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return candidate;
  }
  return undefined;
}

/** A private redis-server that keeps nothing on disk. Throws with its log when it does not answer within 10 s. */
export async function startRedis(
  spec: { name: string; command: string; port: number; settings?: Readonly<Record<string, string>> },
  folder: HouseFolder,
): Promise<RedisServer> {
  const home = folder.file(spec.name);
  await mkdir(home, { recursive: true });
  const log = folder.file(`${spec.name}.log`);
  const settings = {
    bind: "127.0.0.1",
    port: String(spec.port),
    save: "",
    appendonly: "no",
    dir: home,
    ...spec.settings,
  };
  const child = await startChild(
    {
      name: spec.name,
      command: spec.command,
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      log,
    },
    folder.pids,
  );
  const client = new Redis({
    host: "127.0.0.1",
    port: spec.port,
    lazyConnect: true,
    retryStrategy: () => 30,
  });
  client.on("error", () => undefined);
  try {
    await until(spec.name, async () => child.hasEnded() || (await client.ping()) === "PONG", {
      timeoutMs: 10_000,
    });
    if (child.hasEnded()) throw new Error(`${spec.name} did not start:\n${lastLines(log)}`);
  } catch (error) {
    await child.stop();
    throw error;
  } finally {
    client.disconnect();
  }
  return { url: `redis://127.0.0.1:${spec.port}`, stop: () => child.stop() };
}
