import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { shellWord } from "../../src/core/rules/paste.ts";
import type { SystemSpec } from "./spec.ts";

const ASK = fileURLToPath(new URL("./service/ask.mjs", import.meta.url));

/** Makes the folder that stands for a system's machine anew: its files, and its programs, which ask the service at `control`. */
export async function buildMachine(root: string, spec: SystemSpec, control: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
  const write = async (path: string, text: string): Promise<string> => {
    const placed = join(root, path);
    await mkdir(dirname(placed), { recursive: true });
    await writeFile(placed, text);
    return placed;
  };
  for (const [path, text] of Object.entries(spec.files)) await write(path, text());
  for (const program of Object.keys(spec.service.programs)) {
    const words = [process.execPath, ASK, control, program].map(shellWord).join(" ");
    await chmod(await write(program, `#!/bin/sh\nexec ${words} "$@"\n`), 0o755);
  }
}
