import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound, LogQuestion } from "../log-groups.ts";
import { type LogLine, readLine } from "../log-line.ts";
import { partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { KEPT, keptOf } from "./journal.ts";
import { type Entry, entriesOf, FIELDS, MESSAGES } from "./journal-entry.ts";

const { read } = actionsOn<SystemdClient>("systemd");
const MOST_LINES = 20_000;
const MOST_BYTES = 12_000_000;

// Arguments: seconds back, most lines, fields, then `-u` and a unit or glob in turn. Newest first: what does not fit is the oldest.
const SEARCH = `${KEPT}since=$1; lines=$2; fields=$3; shift 3
journalctl -q -r --no-pager --output=json "--output-fields=$fields" "--since=-\${since}s" -n "$lines" "$@" 2>/dev/null
true`;

/**
 * Lines of the units' journal that are asked for, grouped by what they say and compared with the time before: never followed, bounded
 * by time, lines and bytes (traps journal-unbounded, endless-commands, log-raw-uniq). tektra.log-search, sergas-accounts.first-response.
 */
export const searchJournal = read({
  name: "systemd.search-journal",
  title: "Search the journal of the units",
  input: LogQuestion,
  output: LogFound.extend({ notSeen }),
  timeoutSeconds: 30,
  run: async (client, question, context) => {
    const units = client.units.flatMap((unit) => ["-u", unit]);
    const args = [String(question.minutes * 120), String(MOST_LINES), FIELDS, ...units];
    const parts = partsOf(await ask(client, SEARCH, args, context, { maxBytes: MOST_BYTES, cut: true }));
    const { entries } = entriesOf(parts[2] ?? "");
    const now = Number((parts[0] ?? "").split("\n")[1]);
    const kept = keptOf(parts, (question.minutes * 2) / 60).unseen;
    const isCut = entries.length >= MOST_LINES || (parts[2] ?? "").length > MOST_BYTES * 0.99;
    const oldest = entries.at(-1)?.at;
    const unseen: NotSeen[] = [
      ...kept,
      ...suppressed(entries),
      ...(isCut && oldest !== undefined
        ? [
            {
              what: `journal lines before ${new Date(oldest * 1000).toISOString().slice(11, 16)} UTC`,
              why: `${MOST_LINES} lines or ${MOST_BYTES / 1e6} MB are read, the newest first`,
              fix: "ask for fewer minutes",
            },
          ]
        : []),
    ];
    const lines = entries.reverse().map(lineOf);
    return {
      ...groupLines(lines, question, now, !isCut && kept.length === 0),
      ...(unseen.length === 0 ? {} : { notSeen: unseen }),
    };
  },
});

/** The program's own level where its line has one; the journal's otherwise, which is `info` for all that is printed. */
function lineOf({ at, message, priority, unit, bySystemd }: Entry): LogLine {
  const line = readLine(message, at);
  const journal =
    priority === null
      ? null
      : priority <= 3
        ? "error"
        : priority === 4
          ? "warning"
          : priority === 7
            ? "debug"
            : "info";
  return {
    ...line,
    level: line.level ?? journal,
    component: line.component === "" ? (bySystemd ? "systemd" : unit) : line.component,
  };
}

/** journald drops what one unit writes too fast, and says how much. */
const suppressed = (entries: readonly Entry[]): NotSeen[] =>
  entries
    .filter(({ messageId }) => messageId === MESSAGES.suppressed)
    .slice(0, 5)
    .map(({ message }) => ({
      what: message.slice(0, 300) || "messages",
      why: "journald drops what a unit writes faster than its limit",
      fix: "`RateLimitBurst=` in /etc/systemd/journald.conf, or `LogRateLimitBurst=` of the unit",
    }));
