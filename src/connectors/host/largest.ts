import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { lookInto } from "./folders.ts";

const { read } = actionsOn<HostClient>("host");

// `timeout` rather than the step's own: what was counted by then is shown, and du ends with it. Written for gawk, mawk and busybox
// alike: a slash within an expression is escaped.
const LARGEST = `n=$1; shift
timeout 8 du -xk -d 2 "$@" 2>&1 | sort -rn | awk -F '\\t' '
BEGIN { for (i = 2; i < ARGC; i++) { looked[ARGV[i]]; delete ARGV[i] }; n = ARGV[1]; delete ARGV[1] }
/^[0-9]+\\t\\// { if (++k <= n || $2 in looked) print; next } { closed++ } END { print "closed " closed + 0 }' "$n" "$@"
echo ==
timeout 8 find "$@" -xdev -type f -size +255k -exec stat -c '%b %Y %n' {} + 2>/dev/null | sort -rn | head -n "$n"`;

// Directory entries rather than files: folders take an inode, too.
const CROWDED = `n=$1; shift
timeout 8 find "$@" -xdev 2>/dev/null | sed 's#/[^/]*$##' | sort | uniq -c | sort -rn | head -n "$n"`;

/**
 * Largest folders (two levels deep) and files of the configured cleanable and budgeted folders, or of the given file systems
 * (mount points that were found full). Names and sizes only; counting stops after 8 s. What is mounted from a server that does
 * not answer is left out. sergas-accounts.disk-full, resync.log-rotation-script.
 */
export const largest = read({
  name: "host.largest",
  title: "Largest folders and files",
  input: z.object({
    limit: z.int().min(1).max(50).default(10),
    fileSystems: z.array(z.string().startsWith("/").max(1_000)).max(3).default([]),
  }),
  output: z.object({
    /** What was looked into: all files in it together; null where counting took too long or something was left out. */
    looked: z.array(z.object({ path: z.string(), bytes: z.number().nullable() })),
    /** Folders in them that may not be read: what they hold is in no figure. */
    closed: z.int(),
    folders: z.array(z.object({ path: z.string(), bytes: z.number() })),
    files: z.array(z.object({ path: z.string(), bytes: z.number(), modifiedAt: z.number() })),
    notSeen,
  }),
  timeoutSeconds: 25,
  run: async (client, { limit, fileSystems }, context) => {
    const named = [...client.cleanable, ...client.budgets.map(({ path }) => path)];
    const {
      folders: paths,
      starts,
      notSeen: left,
    } = fileSystems.length > 0
      ? await lookInto(client, fileSystems, "mount points", context)
      : await lookInto(client, named, "named", context);
    if (starts.length === 0) return { looked: [], closed: 0, folders: [], files: [], notSeen: [...left] };
    const said = await script(client, LARGEST, [String(limit), ...starts], context);
    const [counted = "", files = ""] = partsOf(said);
    const folders = linesOf(counted)
      .map((line) => /^(\d+)\t(\/.*)$/.exec(line))
      .filter((match) => match !== null)
      .map(([, kilobytes, path]) => ({ path: path ?? "", bytes: Number(kilobytes) * 1024 }));
    return {
      looked: paths.map((path) => ({ path, bytes: folders.find((one) => one.path === path)?.bytes ?? null })),
      closed: Number(/^closed (\d+)$/m.exec(counted)?.[1] ?? 0),
      folders: folders.slice(0, limit),
      files: linesOf(files)
        .map((line) => /^(\d+) (\d+) (\/.*)$/.exec(line))
        .filter((match) => match !== null)
        .map(([, blocks, mtime, path]) => ({
          path: path ?? "",
          bytes: Number(blocks) * 512,
          modifiedAt: Number(mtime),
        })),
      notSeen: [...left],
    };
  },
});

/** Folders of the given file systems with the most entries: what has used up the inodes. Counting stops after 8 s. */
export const crowded = read({
  name: "host.crowded",
  title: "Folders with the most files",
  input: z.object({
    limit: z.int().min(1).max(50).default(10),
    fileSystems: z.array(z.string().startsWith("/").max(1_000)).min(1).max(3),
  }),
  output: z.object({ folders: z.array(z.object({ path: z.string(), entries: z.int() })), notSeen }),
  timeoutSeconds: 25,
  run: async (client, { limit, fileSystems }, context) => {
    const { starts, notSeen: left } = await lookInto(client, fileSystems, "mount points", context);
    if (starts.length === 0) return { folders: [], notSeen: [...left] };
    const said = await script(client, CROWDED, [String(limit), ...starts], context);
    return {
      folders: linesOf(said).flatMap((line) => {
        const [, entries = "0", path = ""] = /^ *(\d+) (\/.*)$/.exec(line) ?? [];
        return path === "" ? [] : [{ path, entries: Number(entries) }];
      }),
      notSeen: [...left],
    };
  },
});
