import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { configFile } from "../../../local/bot/config-file.ts";
import { type SampleSystem, startSampleSystem } from "../../../local/sample/sample.ts";
import { findBinaries } from "../../../local/services/postgres-binaries.ts";
import { findRedis } from "../../../local/services/redis.ts";
import { createCleanups } from "../../../local/tryout/cleanups.ts";
import { type TryoutFolder, takeFolder } from "../../../local/tryout/folder.ts";
import { tryoutSecrets } from "../../../local/tryout/secrets.ts";
import { type ConfigFile, fileSchema } from "../../../src/config/schema.ts";
import { kinds } from "../../../src/connectors/index.ts";

export interface RunningSample extends SampleSystem {
  readonly folder: TryoutFolder;
  /** The system `shop` of the demo's diagbot.yaml, as the product would read it. */
  readonly system: ConfigFile["systems"][string];
  readonly ready: readonly string[];
  stop(): Promise<string[]>;
}

/** The demo's sample system alone, in a folder of its own. */
export async function startSample(): Promise<RunningSample> {
  const path = await mkdtemp(join(tmpdir(), "diagbot-sample-"));
  const folder = await takeFolder(path);
  const cleanups = createCleanups();
  cleanups.add("the folder", () => rm(path, { recursive: true, force: true }));
  const ready: string[] = [];
  const sample = await startSampleSystem({
    folder,
    cleanups,
    secrets: await tryoutSecrets(folder.file("secrets.json")),
    binaries: await findBinaries(folder.path),
    redisCommand: await findRedis(),
    ready: (part) => void ready.push(part),
  });
  const text = configFile(sample.shop, "http://127.0.0.1:1")
    .replace(/\$\{SHOP_DATABASE_URL\}/, sample.botDatabaseUrl)
    .replace(/\$\{SHOP_REDIS_URL\}/, sample.shop.redisUrl ?? "");
  const system = fileSchema(kinds).parse(parse(text)).systems.shop;
  if (system === undefined) throw new Error("the demo's diagbot.yaml has no system shop");
  return { ...sample, folder, system, ready, stop: cleanups.run };
}
