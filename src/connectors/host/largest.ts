import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type HostClient, linesOf, partsOf, script } from "./client.ts";
import { realFolders } from "./folders.ts";

const { read } = actionsOn<HostClient>("host");

/** `timeout` rather than the step's own: what was counted by then is shown, and du ends with it. */
const LARGEST = `n=$1; shift
timeout 8 du -xk -d 2 "$@" 2>/dev/null | sort -rn | head -n "$n"
echo ==
timeout 8 find "$@" -xdev -type f -size +255k -exec stat -c '%b %Y %n' {} + 2>/dev/null | sort -rn | head -n "$n"`;

/**
 * Largest folders (two levels deep) and files of the configured cleanable and budgeted folders, or of the given file systems
 * (mount points that were found full). Names and sizes only; counting stops after 8 s. sergas-accounts.disk-full,
 * resync.log-rotation-script.
 */
export const largest = read({
  name: "host.largest",
  title: "Largest folders and files",
  input: z.object({
    limit: z.int().min(1).max(50).default(10),
    fileSystems: z.array(z.string().startsWith("/").max(1_000)).max(3).default([]),
  }),
  output: z.object({
    looked: z.array(z.string()),
    folders: z.array(z.object({ path: z.string(), bytes: z.number() })),
    files: z.array(z.object({ path: z.string(), bytes: z.number(), modifiedAt: z.number() })),
  }),
  timeoutSeconds: 20,
  run: async (client, { limit, fileSystems }, context) => {
    const named = [...client.cleanable, ...client.budgets.map(({ path }) => path)];
    const looked = fileSystems.length > 0 ? fileSystems : await realFolders(client, named, context);
    if (looked.length === 0) return { looked, folders: [], files: [] };
    const said = await script(client, LARGEST, [String(limit), ...looked], context);
    const [folders = "", files = ""] = partsOf(said);
    return {
      looked,
      folders: linesOf(folders)
        .map((line) => /^(\d+)\t(\/.*)$/.exec(line))
        .filter((match) => match !== null)
        .map(([, kilobytes, path]) => ({ path: path ?? "", bytes: Number(kilobytes) * 1024 })),
      files: linesOf(files)
        .map((line) => /^(\d+) (\d+) (\/.*)$/.exec(line))
        .filter((match) => match !== null)
        .map(([, blocks, mtime, path]) => ({
          path: path ?? "",
          bytes: Number(blocks) * 512,
          modifiedAt: Number(mtime),
        })),
    };
  },
});
