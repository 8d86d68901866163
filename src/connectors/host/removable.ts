import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { lookInto } from "./folders.ts";
import { leftoverKind } from "./rotated.ts";

const { read } = actionsOn<HostClient>("host");
const MAX_FILES = 500;

/** A plain file by place and identity: `id` is `device:inode`. */
export const FileRef = z.object({
  path: z
    .string()
    .max(4096)
    .regex(/^\/[^\0\n]*$/, "an absolute path")
    .refine((path) => !path.split("/").includes(".."), "no .. in paths"),
  id: z.string().regex(/^\d+:\d+$/),
  size: z.number().min(0),
  /** Unix seconds. */
  modifiedAt: z.number(),
  /** Bytes on disk that come free. */
  frees: z.number().min(0),
});
export type FileRef = z.output<typeof FileRef>;

const LIST = `days=$1; shift
find "$@" -xdev -type f -mtime +"$days" -exec stat -c '%d:%i %h %s %b %Y %n' {} + 2>/dev/null; true`;

/**
 * Rotated logs and temporary files in the cleanable folders, older than so many days and held open by nobody we can see.
 * Oldest first, at most 500. Nothing is followed out of the folder: no symlinks, no other file systems.
 */
export const removable = read({
  name: "host.removable",
  title: "Old rotated logs and temporary files",
  input: z.object({
    olderThanDays: z.int().min(1).max(3650).default(7),
    kinds: z.enum(["rotated logs", "temporary files", "both"]).default("both"),
  }),
  output: z.object({
    folders: z.array(z.string()),
    files: z.array(FileRef),
    bytes: z.number(),
    truncated: z.boolean(),
    /** Matching files left out because a process has them open, or they have other names (hard links). */
    inUse: z.int(),
    linked: z.int(),
    notSeen,
  }),
  timeoutSeconds: 20,
  run: async (client, { olderThanDays, kinds }, context) => {
    const { folders, starts, notSeen: left } = await lookInto(client, client.cleanable, "named", context);
    const none = { folders: [...folders], notSeen: [...left] };
    if (starts.length === 0) return { ...none, files: [], bytes: 0, truncated: false, inUse: 0, linked: 0 };
    const options = { maxBytes: 4_000_000, cut: true };
    const said = await script(client, LIST, [String(olderThanDays - 1), ...starts], context, options);
    const wanted = linesOf(said)
      .map(parseFile)
      .filter((file) => file !== undefined)
      .filter(({ path }) => isWanted(path, kinds));
    const open = await openPaths(client, folders, context);
    const single = wanted.filter(({ links }) => links === 1);
    const free = single.filter(({ path }) => !open.has(path)).sort((a, b) => a.modifiedAt - b.modifiedAt);
    const files = free.slice(0, MAX_FILES).map(({ links: _links, ...file }) => file);
    return {
      ...none,
      files,
      bytes: files.reduce((sum, { frees }) => sum + frees, 0),
      truncated: free.length > MAX_FILES || said.length >= 3_900_000,
      inUse: single.length - free.length,
      linked: wanted.length - single.length,
    };
  },
});

const isWanted = (path: string, kinds: string): boolean => {
  const kind = leftoverKind(path.slice(path.lastIndexOf("/") + 1));
  if (kind === undefined) return false;
  return kinds === "both" || kinds === (kind === "temporary" ? "temporary files" : "rotated logs");
};

/** A name with a line feed gives lines that do not parse: such files are left alone. */
function parseFile(line: string): (FileRef & { links: number }) | undefined {
  const match = /^(\d+:\d+) (\d+) (\d+) (\d+) (\d+) (\/.*)$/.exec(line);
  if (match === null) return undefined;
  const [, id = "", links, size, blocks, modifiedAt, path = ""] = match;
  return {
    path,
    id,
    links: Number(links),
    size: Number(size),
    modifiedAt: Number(modifiedAt),
    frees: Number(blocks) * 512,
  };
}

// The folders come in the environment of awk: -v would read escapes in them.
const OPEN = `for d in "$@"; do
ls -l /proc/[0-9]*/fd 2>/dev/null | D="$d/" awk '{ at = index($0, " -> "); if (at && index(substr($0, at + 4), ENVIRON["D"]) == 1) print substr($0, at + 4) }'
done | sort -u | head -n 5000`;

/** Paths below the folders that some process has open, as far as we may see. */
export async function openPaths(
  client: HostClient,
  folders: readonly string[],
  context: ActionContext,
): Promise<Set<string>> {
  const options = { maxBytes: 2_000_000, cut: true };
  return new Set(linesOf(await script(client, OPEN, folders, context, options)));
}
