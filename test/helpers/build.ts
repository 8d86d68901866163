import { execFile } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** Builds diagbot into an empty folder as its image holds it: `dist/` beside the packages, no sources. */
export async function build(folder: string): Promise<void> {
  const dist = join(folder, "dist");
  // Types are checked by `npm run check`.
  await run(process.execPath, ["scripts/build.mjs", dist], { cwd: ROOT });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}
