import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { sha256 } from "../lib/sha256.ts";
import { filesOf } from "./files.ts";

const MOST_BYTES = 50_000_000;
const SHOWN = 3;

const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const Sums = z.strictObject({ sha256: Digest, files: z.record(z.string(), Digest) });
const Lock = z.strictObject({ version: z.literal(1), packs: z.record(z.string(), Sums) });
/** The files of a pack: `sha256` is that of the lines `sha256sum` prints for them. */
export type Sums = z.infer<typeof Sums>;
export type Lock = z.infer<typeof Lock>;

export const LOCK = "diagbot.lock";

/** The digests of a pack's files. Throws an Error where it is larger than 50 MB. */
export function sumsOf(root: string): Sums {
  const isFile = statSync(root).isFile();
  const names = isFile ? [basename(root)] : filesOf(root);
  let bytes = 0;
  const files = names.map((name) => {
    const content = readFileSync(isFile ? root : join(root, name));
    bytes += content.length;
    if (bytes > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1_000_000} MB`);
    return [name, sha256(content)] as const;
  });
  const lines = files.map(([name, sum]) => `${sum}  ${name}\n`).join("");
  return { sha256: sha256(lines), files: Object.fromEntries(files) };
}

/** diagbot.lock of a folder; undefined where there is none. Throws an Error where it cannot be read: then nothing is pinned. */
export function readLock(folder: string): Lock | undefined {
  const file = join(folder, LOCK);
  if (!existsSync(file)) return undefined;
  try {
    return Lock.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    throw new Error(`${LOCK} cannot be understood: write it again with \`diagbot packs lock\``);
  }
}

/** Writes diagbot.lock, whole or not at all. */
export function writeLock(folder: string, packs: Lock["packs"]): void {
  const file = join(folder, LOCK);
  const lock: Lock = { version: 1, packs };
  writeFileSync(`${file}.new`, `${JSON.stringify(lock, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** How a pack differs from what was locked; undefined: it does not. */
export function driftOf(locked: Sums | undefined, now: Sums): string | undefined {
  if (locked === undefined) return `it is not in ${LOCK}`;
  if (locked.sha256 === now.sha256) return undefined;
  const names = [...new Set([...Object.keys(locked.files), ...Object.keys(now.files)])].sort();
  const changes = names.flatMap((name) => {
    if (locked.files[name] === now.files[name]) return [];
    const how = locked.files[name] === undefined ? "new" : now.files[name] === undefined ? "gone" : "changed";
    return `${name} ${how}`;
  });
  const more = changes.length > SHOWN ? `, and ${changes.length - SHOWN} more` : "";
  return `it is not what ${LOCK} says: ${changes.slice(0, SHOWN).join(", ")}${more}`;
}
