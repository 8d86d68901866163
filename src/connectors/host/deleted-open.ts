import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");

// Memory files and shared memory look deleted too but take no disk.
const DELETED = `ls -l /proc/[0-9]*/fd 2>/dev/null | awk '
/^\\/proc\\// { sub(/:$/, ""); dir = $0; next }
/ \\(deleted\\)$/ { at = index($0, " -> "); path = substr($0, at + 4)
  if (path !~ /^\\/(memfd:|SYSV|dev\\/(shm|zero|mqueue)|anon_hugepage|\\[aio\\])/ && path ~ /^\\//) print dir "/" $9 " " path }' |
head -n 400 | while read -r link path; do
  s=$(stat -L -c '%d:%i %s %b' "$link" 2>/dev/null) || continue
  pid=\${link#/proc/}; pid=\${pid%%/*}; name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
  echo "$s $pid $name	$path"
done; echo "user $(id -u)"`;

const DeletedFile = z.object({
  path: z.string(),
  bytes: z.number(),
  pid: z.int(),
  process: z.string(),
  device: z.number(),
});
type DeletedFile = z.output<typeof DeletedFile>;

/**
 * Files that are deleted but still open: du does not see them, df does, and their space comes free only when the process
 * closes them. Of other users' processes only root sees them. At least 1 MiB each, largest first, at most 20.
 */
export const deletedOpen = read({
  name: "host.deleted-open-files",
  title: "Deleted files that are still open",
  input: z.object({}),
  output: z.object({
    bytes: z.number(),
    files: z.array(DeletedFile),
    /** Bytes of all of them by the device number (`st_dev`) of the file system they lie on. */
    byDevice: z.array(z.object({ device: z.number(), bytes: z.number() })),
    /** Only root sees the open files of everybody. */
    seesAll: z.boolean(),
  }),
  timeoutSeconds: 15,
  run: async (client, _input, context) => {
    const said = await script(client, DELETED, [], context, { cut: true });
    // Several processes may share one open file: it is counted once.
    const byId = new Map<string, DeletedFile>();
    for (const line of linesOf(said)) {
      const match = /^(\d+:\d+) \d+ (\d+) (\d+) ([^\t]*)\t(.*) \(deleted\)$/.exec(line);
      if (match === null) continue;
      const [, id = "", blocks, pid, process = "", path = ""] = match;
      const bytes = Number(blocks) * 512;
      if (bytes >= 1024 * 1024 && !byId.has(id))
        byId.set(id, {
          ...{ path: clip(path, 300), bytes, pid: Number(pid), process },
          device: Number(id.split(":")[0]),
        });
    }
    const files = [...byId.values()].sort((a, b) => b.bytes - a.bytes);
    const byDevice = new Map<number, number>();
    for (const { device, bytes } of files) byDevice.set(device, (byDevice.get(device) ?? 0) + bytes);
    return {
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      files: files.slice(0, 20),
      byDevice: [...byDevice].map(([device, bytes]) => ({ device, bytes })),
      seesAll: said.endsWith("user 0\n"),
    };
  },
});
