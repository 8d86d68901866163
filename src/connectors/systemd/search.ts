import { shellWord } from "../../core/rules/paste.ts";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound, LogQuestion } from "../log-groups.ts";
import { type LogLine, readLine } from "../log-line.ts";
import { partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { KEPT, keptOf } from "./journal.ts";
import { type Entry, entriesOf, FIELDS, MESSAGES } from "./journal-entry.ts";
import { isMeant } from "./names.ts";

const { read } = actionsOn<SystemdClient>("systemd");
const MOST_LINES = 20_000;
const MOST_BYTES = 12_000_000;
/** Units without a line in that time that are asked for an older one. */
const MOST_MUTE = 20;

// Arguments: seconds back, most lines, fields, then `-u` and a unit or glob in turn. Newest first: what does not fit is the oldest.
const SEARCH = `${KEPT}since=$1; lines=$2; fields=$3; shift 3
journalctl -q -r --no-pager --output=json "--output-fields=$fields" "--since=-\${since}s" -n "$lines" "$@" 2>/dev/null
true`;

// Arguments: units or globs. One line each: whether the journal has anything of it.
const HEARD = `for unit; do
  if journalctl -q -n 1 --no-pager --output=cat --output-fields=PRIORITY -u "$unit" 2>/dev/null | grep -q ''; then echo yes; else echo no; fi
done
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
    const isHidden = kept.some(({ what }) => !what.includes("before"));
    const mute = client.units.filter((unit) => !entries.some((one) => isMeant([unit], one.unit)));
    const unseen: NotSeen[] = [
      ...kept,
      ...(await neverHeard(client, isHidden ? [] : mute.slice(0, MOST_MUTE), context)),
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

/**
 * Units that the journal has not one line of, however old: of what they write nothing can be seen. One that only was quiet is well.
 */
async function neverHeard(
  client: SystemdClient,
  units: readonly string[],
  context: ActionContext,
): Promise<NotSeen[]> {
  if (units.length === 0) return [];
  const heard = (await ask(client, HEARD, units, context)).split("\n");
  return units
    .filter((_unit, index) => heard[index] === "no")
    .map((unit) => ({
      what: `what ${unit} writes`.slice(0, 300),
      why: "the journal has no line of it, however old: there is no such unit, or it writes elsewhere",
      fix: `\`systemctl cat ${shellWord(unit)}\`: its name, \`StandardOutput=\`, \`LogNamespace=\`; a log in files stands in \`logs:\` of a connection of kind host`,
    }));
}

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
