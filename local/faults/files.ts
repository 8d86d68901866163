import { readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

const DAY_MS = 86_400_000;

/** Writes `count` files of `bytes` that look `daysOld`, plus one more for each: as a week of rotation leaves them. */
export async function fillFolder(
  folder: string,
  {
    count,
    bytes,
    name,
    daysOld,
  }: { count: number; bytes: number; name: (at: number) => string; daysOld: number },
): Promise<void> {
  for (let at = 1; at <= count; at++) {
    const path = join(folder, name(at));
    await writeFile(path, Buffer.alloc(bytes, "shop "));
    const then = new Date(Date.now() - (daysOld + at) * DAY_MS);
    await utimes(path, then, then);
  }
}

/** Empties a folder of the sample system. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
}
