import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inject } from "vitest";
import { build } from "./build.ts";
import { until } from "./until.ts";

const PATIENCE_MS = 240_000;

/**
 * diagbot as its image holds it: `dist/` beside the packages, no sources. Built once for a test run by whoever needs it
 * first; a process of it starts in a fraction of the time it takes to load the sources. Resolves with the folder.
 */
export async function builtProduct(): Promise<string> {
  const folder = inject("buildFolder");
  const [claim, ready, failed] = ["claimed", "ready", "failed"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  if (claims(claim)) {
    await build(folder).catch((error: Error) => writeFileSync(failed, String(error.stack)));
    writeFileSync(ready, "");
  }
  await until(() => existsSync(ready), PATIENCE_MS);
  if (existsSync(failed)) throw new Error(`the build failed: ${readFileSync(failed, "utf8")}`);
  return folder;
}

/** The program in it, for a demo that is not started from the sources: each of its commands loads in a fraction of the time. */
export const builtProgram = async (): Promise<string> => join(await builtProduct(), "dist/src/main.js");

/** The first one makes the folder. */
function claims(claim: string): boolean {
  try {
    mkdirSync(claim);
    return true;
  } catch {
    return false;
  }
}
