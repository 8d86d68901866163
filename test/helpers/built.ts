import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inject } from "vitest";
import { until } from "./until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const PATIENCE_MS = 240_000;

/**
 * diagbot as its image holds it: `dist/` beside the packages, no sources. Built once for a test run by whoever needs it
 * first; a process of it starts in half the time it takes to load the sources. Resolves with the folder.
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

/** The first one makes the folder. */
function claims(claim: string): boolean {
  try {
    mkdirSync(claim);
    return true;
  } catch {
    return false;
  }
}

async function build(folder: string): Promise<void> {
  const dist = join(folder, "dist");
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  // Types are checked by `npm run check`.
  const options = ["-p", "tsconfig.build.json", "--noCheck", "--outDir", dist];
  await run(process.execPath, [tsc, ...options], { cwd: ROOT });
  await run(process.execPath, ["scripts/copy-assets.mjs", dist], { cwd: ROOT });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}
