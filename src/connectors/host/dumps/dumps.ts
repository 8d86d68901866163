import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { parseDuration } from "../../../core/words/duration.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import type { DumpSettings } from "./declared.ts";

const { read } = actionsOn<HostClient>("host");

const MOST_FILES = 30;

const File = z.object({
  file: z.string(),
  bytes: z.number(),
  /** Since it was written to, by the machine's clock; negative: its time lies ahead. */
  seconds: z.number(),
});

const Newest = File.extend({
  /** By its first bytes: pg_dump -Fc, -Fd (a folder), plain SQL, plain SQL through gzip, or something else. */
  format: z.enum(["custom", "directory", "plain", "gzip", "other"]),
  /**
   * `whole`: it ends as pg_dump ends it, and pg_restore reads its table of contents; `cut`: it does not; `unknown`: pg_restore is not
   * there or older than the dump, it took too long, or it is of another format.
   */
  end: z.enum(["whole", "cut", "unknown"]),
});
export type NewestDump = z.infer<typeof Newest>;

const Folder = z.object({
  name: z.string(),
  folder: z.string(),
  withinSeconds: z.number(),
  is: z.enum(["there", "absent", "denied"]),
  /** Newest first, at most 30. Dumps of -Fd among them, which are folders; not what lies beside dumps: checksums, logs, roles. */
  files: z.array(File),
  /** Folders in it that are no dump of -Fd: they are not looked into. Absent in recordings from before. */
  folders: z.int().optional(),
  /** The newest two, looked into: the first may still be written. */
  newest: z.array(Newest).max(2),
  /** A copy may be restored. */
  mayRestore: z.boolean(),
});
export type DumpFolder = z.infer<typeof Folder>;

// Arguments: folder, most files. The first line is the state, then `F time bytes name`, then `N format end` of the newest two.
// A plain dump ends with a mark that a dump that broke off lacks; one of -Fc with a block of data of length 0, as its table of contents
// stands at its beginning; the table of contents of -Fd is written last. Only files of the folder itself, no links.
const LIST = `export LC_ALL=C
[ -d "$1" ] || { ls -d "$1" 2>&1 | grep -qi 'permission' && echo denied || echo absent; exit 0; }
cd "$1" 2>/dev/null && ls . >/dev/null 2>&1 || { echo denied; exit 0; }
echo there; date +%s
all=$({ find . -maxdepth 1 -type f ! -name '.*' ! -iname '*.sha[0-9]*' ! -iname '*.md5*' ! -iname '*.sig' ! -iname '*.log' ! -iname '*.tmp' ! -iname '*.part*' ! -iname '*.lock' ! -iname 'readme*' ! -iname 'globals*' ! -iname '*[._-]globals.*' ! -iname 'roles*' -exec stat -c '%Y %s %n' {} + 2>/dev/null
for t in ./*/toc.dat; do [ -f "$t" ] && echo "$(stat -c %Y "$t") $(( $(du -sk "\${t%/toc.dat}" 2>/dev/null | cut -f1) * 1024 )) \${t%/toc.dat}"; done; } | sort -rn | head -n "$2")
other=0; for d in ./*/; do [ -d "$d" ] && [ ! -f "$d/toc.dat" ] && other=$((other + 1)); done; echo "D $other"
printf '%s\\n' "$all" | sed -n 's/^/F /p'
listed() { said=$(timeout 6 pg_restore --list "$1" 2>&1); case $? in 0) echo whole;; 124) echo unknown;;
  *) case $said in *nsupported*|*"not support"*|*"not installed"*|*"must install"*|*ermission*) echo unknown;; *) echo cut;; esac;; esac; }
closed() { case $(timeout 6 pg_restore --list "$1" 2>/dev/null | grep -c -e 'TABLE DATA' -e BLOB) in 0) true;; *) [ "$(tail -c 5 "$1" | od -An -tx1 | tr -d ' \\n')" = 0000000000 ];; esac; }
ends() { tail -c 600 | grep -q 'dump complete' && echo whole || echo cut; }
printf '%s\\n' "$all" | head -n 2 | while read -r at size name; do
  [ -n "$name" ] || continue
  has=; command -v pg_restore >/dev/null 2>&1 && has=yes
  if [ -d "$name" ]; then end=unknown; [ -n "$has" ] && end=$(listed "$name"); echo "N directory $end"; continue; fi
  case $(head -c 5 "$name" 2>/dev/null | od -An -tx1 | tr -d ' \\n') in
    5047444d50) format=custom
      end=unknown; [ -n "$has" ] && end=$(listed "$name"); [ $end = whole ] && { closed "$name" || end=cut; };;
    1f8b*) format=gzip; end=unknown
      case $(timeout 3 gzip -dc "$name" 2>/dev/null | head -c 400 | tr -d '\\000') in
        PGDMP*) timeout 8 gzip -t "$name" 2>/dev/null; case $? in 0) end=whole;; 124) ;; *) end=cut;; esac;;
        *'PostgreSQL database'*) if timeout 8 gzip -dc "$name" 2>/dev/null | tail -c 600 | grep -q 'dump complete'; then end=whole
          else timeout 8 gzip -t "$name" 2>/dev/null; [ $? = 124 ] || end=cut; fi;;
      esac;;
    *) if head -c 400 "$name" 2>/dev/null | grep -q 'PostgreSQL database'; then format=plain; end=$(ends <"$name")
      elif [ "$size" = 0 ]; then format=other; end=cut; else format=other; end=unknown; fi;;
  esac
  echo "N $format $end"
done`;

/** What is in the folders of dumps that diagbot.yaml names: age, size, and whether the newest are whole, as far as their ends say. tektra.backup-restore, sergas-accounts.move-data-disk ("verified backup"). */
export const dumps = read({
  name: "host.dumps",
  title: "Database dumps: age, size and whether they are whole",
  timeoutSeconds: 40,
  input: z.object({}),
  output: z.object({ folders: z.array(Folder), notSeen }),
  run: async (client, _input, context) => {
    const folders = [];
    for (const one of client.dumps) folders.push(await folderOf(client, one, context));
    const unseen = folders.flatMap(unknownOf);
    return { folders, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

/** For the guards of the rehearsal, too. */
export async function folderOf(
  client: HostClient,
  { name, folder, within, restore }: DumpSettings,
  context: ActionContext,
): Promise<DumpFolder> {
  const said = linesOf(await script(client, LIST, [folder, String(MOST_FILES)], context));
  return {
    ...{ name, folder, withinSeconds: (parseDuration(within) ?? 0) / 1000 },
    ...{ mayRestore: restore !== undefined, ...readFolder(said) },
  };
}

const IS = Folder.shape.is;
const NEWEST = Newest.pick({ format: true, end: true });

/** Pure. Exported for its test. */
export function readFolder([is, now, ...lines]: readonly string[]): Pick<
  DumpFolder,
  "is" | "files" | "newest" | "folders"
> {
  const state = IS.safeParse(is).data ?? "absent";
  const files = lines.flatMap((line) => {
    const [, at, bytes, file] = /^F (\d+) (\d+) \.\/(.{1,255})$/.exec(line) ?? [];
    return file === undefined ? [] : [{ file, bytes: Number(bytes), seconds: Number(now) - Number(at) }];
  });
  const ends = lines.flatMap((line) => {
    const [, format, end] = /^N (\w+) (\w+)$/.exec(line) ?? [];
    return NEWEST.safeParse({ format, end }).data ?? [];
  });
  const newest = files.slice(0, ends.length).flatMap((file, at) => {
    const end = ends[at];
    return end === undefined ? [] : [{ ...file, ...end }];
  });
  const folders =
    lines.flatMap((line) => Number(/^D (\d{1,6})$/.exec(line)?.[1] ?? 0)).find((n) => n > 0) ?? 0;
  return { is: state, files, newest, folders };
}

const isArchive = ({ format }: NewestDump): boolean => format === "custom" || format === "directory";

function unknownOf({ name, folder, is, newest: [newest] }: DumpFolder): NotSeen[] {
  if (is === "denied")
    return [
      {
        what: `dumps of ${name} in ${folder}`,
        why: "the user diagbot logs in as may not list the folder",
        fix: `give it read rights on ${folder} (a group, or setfacl)`,
      },
    ];
  if (newest?.end !== "unknown") return [];
  return [
    {
      what: `whether ${newest.file} (${name}) is whole`,
      why: isArchive(newest)
        ? "pg_restore is not on the machine, is older than the dump, or took too long to read its contents"
        : newest.format === "gzip"
          ? "it takes too long to unpack"
          : "it is neither a plain dump, nor one through gzip, nor pg_dump -Fc",
      ...(isArchive(newest) ? { fix: "install the client programs of Postgres there" } : {}),
    },
  ];
}
