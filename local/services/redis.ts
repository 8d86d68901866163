import { access, constants, mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { inTurn } from "../../src/lib/in-turn.ts";
import { type Child, lastLines, startChild } from "../tryout/child.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";

export interface RedisServer {
  readonly url: string;
  /** Harmless when it is down. */
  stop(): Promise<void>;
  /** Brings it back on the same port, empty. Harmless when it runs. Throws with its log when it does not answer within 30 s. */
  start(): Promise<void>;
}

const UP_WITHIN_MS = 30_000;

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

/** A private redis-server that keeps nothing on disk. Throws as `RedisServer.start` does. */
export async function startRedis(
  spec: { name: string; command: string; port: number; settings?: Readonly<Record<string, string>> },
  folder: TryoutFolder,
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
  let child: Child | undefined;
  const turn = inTurn();
  const up = async (): Promise<void> => {
    if (child?.hasEnded() === false) return;
    const started = await startChild(
      {
        name: spec.name,
        command: spec.command,
        args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
        env: { PATH: process.env.PATH, LC_ALL: "C" },
        log,
      },
      folder.pids,
    );
    child = started;
    await ready(spec, started, log).catch(async (error: unknown) => {
      await started.stop();
      throw error;
    });
  };
  const server: RedisServer = {
    url: `redis://127.0.0.1:${spec.port}`,
    stop: () => turn(async () => child?.stop()),
    start: () => turn(up),
  };
  await server.start();
  return server;
}

async function ready(
  { name, port }: { name: string; port: number },
  child: Child,
  log: string,
): Promise<void> {
  const client = new Redis({ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: () => 30 });
  client.on("error", () => undefined);
  try {
    // Whoever answers at the port may be somebody else: its process is asked for.
    const isOurs = async () =>
      /^process_id:(\d+)/m.exec(await client.info("server"))?.[1] === String(child.pid);
    await until(name, async () => child.hasEnded() || (await isOurs()), { timeoutMs: UP_WITHIN_MS });
  } finally {
    client.disconnect();
  }
  if (child.hasEnded()) throw new Error(`${name} did not start:\n${lastLines(log)}`);
}
