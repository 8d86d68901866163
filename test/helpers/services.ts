import { rmSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { makeTemplate } from "./database-template.ts";
import { cleanStaleFolders, serviceFolder } from "./folder.ts";
import { makeServerTemplate, startPostgres } from "./postgres-server.ts";
import { startRedis, whyNoRedis } from "./redis-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A Postgres where tests may create databases; see freshDatabase(). */
    databaseUrl: string;
    /** The database there that is copied for each test file. */
    databaseTemplate: string;
    /** Undefined: tests that need Redis skip and say `whyNoRedis`. */
    redisUrl: string | undefined;
    whyNoRedis: string | undefined;
    /** Where the first test that needs the built product puts it; see builtProduct(). */
    buildFolder: string;
  }
}

/**
 * vitest's globalSetup: real services for the tests. DATABASE_URL and REDIS_URL are used where they are set; otherwise an
 * embedded Postgres and, where redis-server is on the PATH, a private Redis are started and stopped again.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await cleanStaleFolders();
  const removeTemplate = await makeServerTemplate();
  const stops: (() => Promise<void>)[] = [async () => removeTemplate()];
  const given = process.env.DATABASE_URL;
  const postgres = given === undefined ? await startPostgres() : undefined;
  if (postgres !== undefined) stops.push(postgres.stop);
  const databaseUrl = given ?? postgres?.url ?? "";
  const template = await makeTemplate(databaseUrl);
  stops.push(template.drop);

  const noRedis = process.env.REDIS_URL === undefined ? whyNoRedis() : undefined;
  const redis = process.env.REDIS_URL === undefined && noRedis === undefined ? await startRedis() : undefined;
  if (redis !== undefined) stops.push(redis.stop);

  const buildFolder = serviceFolder();
  stops.push(async () => rmSync(buildFolder, { recursive: true, force: true }));
  project.provide("buildFolder", buildFolder);
  project.provide("databaseUrl", databaseUrl);
  project.provide("databaseTemplate", template.name);
  project.provide("redisUrl", process.env.REDIS_URL ?? redis?.url);
  project.provide("whyNoRedis", noRedis);
  return async () => {
    for (const stop of stops.reverse()) await stop();
  };
}
