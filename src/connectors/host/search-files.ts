import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { sayBytes } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound, LogQuestion } from "../log-groups.ts";
import { type LogLine, readLine } from "../log-line.ts";
import { linesOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");
/** Bytes read from the end of one file, unpacked, and files of one log: the newest first. */
const MOST_BYTES = 2_000_000;
const MOST_FILES = 6;

// Arguments: path, seconds back, bytes of a file, most files. The path's days are those the time touches; rotated files are the
// path with something after it. Each file: a line `== STATE SIZE PATH`, then its end. Only regular files, no links.
const SEARCH = `date '+%s %z'
now=$(date +%s); since=$((now - $2)); bytes=$3; left=$4; seen=
for at in "$now" "$since"; do
  path=$(date -d "@$at" "+$1" 2>/dev/null) || path=$1
  [ "$path" = "$seen" ] && continue
  seen=$path
  for file in $(ls -t -d "$path" "$path".* "$path"-* 2>/dev/null); do
    [ -f "$file" ] && [ ! -L "$file" ] || continue
    [ "$(stat -c %Y "$file")" -ge "$since" ] || { echo "== quiet 0 $file"; continue; }
    [ "$left" -gt 0 ] || { echo "== more 0 $file"; continue; }
    left=$((left - 1))
    [ -r "$file" ] || { echo "== closed 0 $file"; continue; }
    echo "== read $(stat -c %s "$file") $file"
    case $file in *.gz) gzip -dc "$file" 2>/dev/null | tail -c "$bytes";; *) tail -c "$bytes" "$file";; esac
    echo
  done
done
true`;

const Log = LogFound.extend({ name: z.string(), files: z.array(z.string()) });

/**
 * Lines of the log files that diagbot.yaml names, rotated and packed ones of the time included, grouped by what they say: the end of
 * each file only, never followed (traps endless-commands, log-raw-uniq, jq-nonjson). resync.log-layout, tektra.log-search,
 * tektra.structured-log-queries, ai-saas.triage-logs.
 */
export const searchFiles = read({
  name: "host.search-files",
  title: "Search log files",
  input: LogQuestion.extend({ only: z.string().max(60).optional() }),
  output: z.object({ logs: z.array(Log), notSeen }),
  timeoutSeconds: 45,
  run: async (client, { only, ...question }, context) => {
    const logs: z.output<typeof Log>[] = [];
    const unseen: NotSeen[] = [];
    for (const { name, path } of client.logs.filter((one) => only === undefined || one.name === only)) {
      const args = [path, String(question.minutes * 120), String(MOST_BYTES), String(MOST_FILES)];
      const said = await script(client, SEARCH, args, context, {
        maxBytes: MOST_BYTES * (MOST_FILES + 1),
        cut: true,
      });
      const found = filesOf(said);
      const gaps = gapsOf(name, path, found);
      unseen.push(...gaps);
      const lines = found.files.flatMap((file) => file.lines);
      logs.push({
        name,
        files: found.files.map((file) => file.path),
        ...groupLines(lines, question, found.now, gaps.length === 0 && reachesBack(found, question.minutes)),
      });
    }
    return { logs, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

interface Found {
  readonly now: number;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly isCut: boolean;
    readonly lines: readonly LogLine[];
  }[];
  readonly closed: readonly string[];
  readonly more: readonly string[];
  /** Not written to in that time: nothing to read, and nothing wrong with that. */
  readonly quiet: readonly string[];
}

/** The answer of the script; files oldest first. Exported for its test. */
export function filesOf(text: string): Found {
  const [head = "", ...rest] = text.split(/^== (?=(?:read|closed|more|quiet) \d+ \/)/m);
  const [now = "", zone = ""] = (linesOf(head)[0] ?? "").split(" ");
  const [, sign = "+", hours = "0", minutes = "0"] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? [];
  const offset = (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
  const parts = rest.map((part) => {
    const end = part.indexOf("\n");
    const [state = "", size = "0", path = ""] = part.slice(0, end < 0 ? undefined : end).split(" ");
    const body = end < 0 ? "" : part.slice(end + 1);
    return { state, size: Number(size), path, body };
  });
  const read = parts.filter(({ state }) => state === "read");
  return {
    now: Number(now),
    files: read
      .map(({ path, size, body }) => {
        const isCut = body.length >= MOST_BYTES * 0.95;
        // The first line of a part is one that began before it.
        const lines = entriesOf(isCut ? body.slice(body.indexOf("\n") + 1) : body);
        return { path, size, isCut, lines: lines.map((line) => readLine(line, null, offset)) };
      })
      .reverse(),
    closed: parts.filter(({ state }) => state === "closed").map(({ path }) => path),
    more: parts.filter(({ state }) => state === "more").map(({ path }) => path),
    quiet: parts.filter(({ state }) => state === "quiet").map(({ path }) => path),
  };
}

/** Lines that are indented, or go on with a trace, belong to the one before. */
function entriesOf(body: string): string[] {
  const entries: string[] = [];
  for (const line of linesOf(body)) {
    const last = entries.length - 1;
    const goesOn = /^(\s|Traceback |Caused by: |\.\.\. \d)/.test(line);
    if (goesOn && last >= 0) {
      if ((entries[last] ?? "").length < 2_000) entries[last] = `${entries[last]}\n${line}`;
    } else entries.push(line);
  }
  return entries;
}

/** What was read begins before all of the time that is compared; a file that begins within it is whole as far as it goes. */
const reachesBack = ({ files, now, quiet }: Found, minutes: number): boolean => {
  // An older file is there and was not written to: what is new begins with what was read.
  if (quiet.length > 0) return true;
  const oldest = files[0]?.lines.find(({ at }) => at !== null)?.at;
  return oldest != null && oldest <= now - minutes * 120;
};

function gapsOf(name: string, path: string, { files, closed, more, quiet }: Found): NotSeen[] {
  if (files.length + closed.length + quiet.length === 0)
    return [
      {
        what: `the log ${name}`,
        why: `${path}: there is no such file`,
        fix: "correct `logs:` of the connection in diagbot.yaml",
      },
    ];
  return [
    ...closed.map((file) => ({
      what: `the log file ${file}`.slice(0, 300),
      why: "diagbot's user may not read it",
      fix: "put the user into the file's group (often adm)",
    })),
    ...files
      .filter(({ isCut }) => isCut)
      .map((file) => ({
        what: `the beginning of ${file.path}`.slice(0, 300),
        why: `the last ${sayBytes(MOST_BYTES)} of ${sayBytes(file.size)} are read`,
        fix: "ask for fewer minutes",
      })),
    ...(more.length === 0
      ? []
      : [
          {
            what: `${more.length} older files of ${name}`,
            why: `${MOST_FILES} files are read, the newest first`,
          },
        ]),
  ];
}
