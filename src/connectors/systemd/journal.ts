import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf } from "../machine/script.ts";
import { ask } from "./ask.ts";
import type { SystemdClient } from "./client.ts";
import { type Entry, entriesOf, FIELDS, MESSAGES, NEWS, newsOf } from "./journal-entry.ts";
import { UnitName } from "./names.ts";

const { read } = actionsOn<SystemdClient>("systemd");

// What can be read of the journal: whose, kept how, and since when.
export const KEPT = `id -un; date +%s
kept=; open=
for folder in /var/log/journal /run/log/journal; do
  for file in "$folder"/*/system.journal; do
    [ -e "$file" ] || continue
    kept=$folder; [ -r "$file" ] && open=yes
    break 2
  done
  [ -d "$folder" ] && [ -z "$kept" ] && ls "$folder"/*/ >/dev/null 2>&1 && [ -n "$(ls "$folder")" ] && kept=$folder
done
echo "kept=$kept"; echo "open=$open"; echo ==
journalctl -q --no-pager --output=json --output-fields=PRIORITY 2>/dev/null | head -n 1; echo ==
`;

// Arguments: seconds back, lines of each unit, fields, units. Newest first: with --since, `-n` alone gives the oldest (before v253).
const LAST = `${KEPT}since=$1; lines=$2; fields=$3; shift 3
for unit; do
  journalctl -q -r --no-pager --output=json "--output-fields=$fields" "--since=-\${since}s" -n "$lines" -u "$unit" 2>/dev/null
  echo ==
done
journalctl -q -r --no-pager --output=json --output-fields=MESSAGE "--since=-\${since}s" -n 300 _COMM=sudo 2>/dev/null
true`;

const Line = z.object({
  /** Unix seconds. */
  at: z.number(),
  priority: z.int().nullable(),
  message: z.string(),
  bySystemd: z.boolean(),
  /** What kind of news it is: started, to be stopped, could not be started, kept from it by a condition, killed for memory, given up. */
  tells: z.enum(NEWS),
  /** Of the start that ended last, or runs now. */
  invocation: z.string(),
});

const UnitLog = z.object({
  unit: z.string(),
  /** Oldest first. */
  lines: z.array(Line),
  /** A job of it ended so: `dependency`, `assert`, `timeout`, …; the last one. */
  jobResult: z.string(),
});

/**
 * Last lines of units, the program's and systemd's own on it: bounded by lines, bytes and hours, never followed (traps
 * journal-unbounded, endless-commands). sergas-accounts.wont-start, sergas-accounts.first-response.
 */
export const lastLines = read({
  name: "systemd.last-lines",
  title: "Last journal lines of units",
  input: z.object({
    units: z.array(UnitName).max(10),
    lines: z.int().min(1).max(200).default(40),
    hours: z.int().min(1).max(168).default(24),
    /** Of how many they were chosen, where not all could be. */
    of: z.int().min(1).max(10_000).optional(),
  }),
  output: z.object({
    logs: z.array(UnitLog),
    /** Who asked systemd for something by sudo; newest last. Who did so as root, or through polkit, nothing says. */
    asked: z.array(z.object({ at: z.number(), by: z.string(), command: z.string() })),
    notSeen,
  }),
  timeoutSeconds: 20,
  run: async (client, { units, lines, hours, of = units.length }, context) => {
    if (units.length === 0) return { logs: [], asked: [] };
    const args = [String(hours * 3600), String(lines), FIELDS, ...units];
    const parts = partsOf(await ask(client, LAST, args, context, { maxBytes: 4_000_000, cut: true }));
    const logs = units.map((unit, index) => logOf(unit, entriesOf(parts[index + 2] ?? "").entries.reverse()));
    const rest: NotSeen[] =
      of <= units.length
        ? []
        : [
            {
              what: `the journal of ${of - units.length} of ${of} units`,
              why: `${units.length} are read at once`,
            },
          ];
    // A journal that begins late hides something only where a unit has no line in it.
    const isAllThere = logs.every(({ lines: said }) => said.length > 0);
    const unseen = keptOf(parts, isAllThere ? 0 : hours).unseen;
    const asked = askedOf(entriesOf(parts[units.length + 2] ?? "").entries.reverse(), units);
    return { logs, asked, ...noted([...unseen, ...rest]) };
  },
});

function logOf(unit: string, entries: readonly Entry[]): z.output<typeof UnitLog> {
  const start = entries.findLast(({ messageId }) =>
    [MESSAGES.started, MESSAGES.starting, MESSAGES.startFailed].some((id) => id === messageId),
  );
  const runs = runsOf(entries);
  const lines = entries.map((entry, index) => {
    const { at, priority, message, bySystemd } = entry;
    return { ...{ at, priority, message, bySystemd }, invocation: runs[index] ?? "", tells: newsOf(entry) };
  });
  return {
    unit,
    lines,
    jobResult: start?.jobResult ?? "",
  };
}

/**
 * Which start each entry is of. Of a process that ends at once the journal does not learn it: then it is that of the entry before,
 * or, once that run is known to be over, of the one after.
 */
function runsOf(entries: readonly Entry[]): string[] {
  const over = [MESSAGES.restartScheduled, MESSAGES.stopped].map(String);
  return entries.map(({ invocation }, index) => {
    if (invocation !== "") return invocation;
    const before = entries.slice(0, index).findLast((one) => one.invocation !== "");
    const after = entries.slice(index).find((one) => one.invocation !== "");
    const isOver = before === undefined || over.includes(before.messageId);
    return (isOver ? (after ?? before) : before)?.invocation ?? "";
  });
}

/** `alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl stop shop-api` (sudoers(5), LOG FORMAT). Pure. */
function askedOf(entries: readonly Entry[], units: readonly string[]) {
  return entries
    .flatMap(({ at, message }) => {
      const [, by = "", command = ""] =
        /^\s*(\S+) : .*COMMAND=(\S*\/systemctl (?:stop|restart|start|kill|isolate|disable|mask).*)$/.exec(
          message,
        ) ?? [];
      const isOfThese = units.some((unit) => command.includes(unit.replace(/\.service$/, "")));
      return isOfThese ? [{ at, by, command: clip(command, 200) }] : [];
    })
    .slice(-10);
}

/** How the journal is kept, and what that hides from these hours. Pure but for what it is given. */
export function keptOf(
  parts: readonly string[],
  hours: number,
): { unseen: NotSeen[]; oldest: number | null } {
  const [user = "", now = "", kept = "", open = ""] = linesOf(parts[0] ?? "");
  const oldest = entriesOf(parts[1] ?? "").entries[0]?.at ?? null;
  const what = "the journal";
  if (kept === "kept=")
    return {
      oldest,
      unseen: [
        {
          what,
          why: "the machine keeps none (Storage=none, or systemd-journald does not run)",
          fix: "`Storage=persistent` in /etc/systemd/journald.conf, then `systemctl restart systemd-journald`",
        },
      ],
    };
  if (open === "open=")
    return {
      oldest,
      unseen: [
        {
          what: "the journal of other users and of the system",
          why: `${user} sees its own messages only`,
          fix: `put the user into the group systemd-journal: sudo usermod -aG systemd-journal ${user}`,
        },
      ],
    };
  const begins = oldest === null ? 0 : Number(now) - oldest;
  if (oldest === null || begins >= hours * 3600) return { oldest, unseen: [] };
  const since = new Date(oldest * 1000).toISOString().slice(0, 16).replace("T", " ");
  return {
    oldest,
    unseen: [
      {
        what: `the journal before ${since} UTC`,
        why: kept.includes("/run/")
          ? "it is kept in memory and begins anew at each boot"
          : "older entries were rotated away, or the machine is younger",
        fix: kept.includes("/run/")
          ? "`mkdir -p /var/log/journal && journalctl --flush` keeps it over a reboot"
          : "`SystemMaxUse=` in /etc/systemd/journald.conf says how much is kept",
      },
    ],
  };
}

const noted = (all: readonly NotSeen[]) => (all.length === 0 ? {} : { notSeen: [...all] });

// Arguments: fields, unit. Bounded by an hour and 3000 entries of systemd on that one unit.
const STARTS = `journalctl -q -r --no-pager --output=json "--output-fields=$1" --since=-3600s -n 3000 "UNIT=$2" _PID=1 2>/dev/null; true`;

/** How often the unit was started within the last hour by people or programs, not by its own Restart=; null: nobody knows. */
export async function startsAsked(
  client: SystemdClient,
  unit: string,
  context: ActionContext,
): Promise<number | null> {
  const kept = keptOf(partsOf(await ask(client, KEPT, [], context)), 1);
  if (kept.oldest === null || kept.unseen.some(({ what }) => !what.includes("before"))) return null;
  const said = await ask(client, STARTS, [FIELDS, unit], context, { maxBytes: 4_000_000, cut: true });
  const { entries } = entriesOf(said);
  const begun = entries.filter(
    (one) => newsOf(one) === "started" || one.messageId === MESSAGES.startFailed,
  ).length;
  const automatic = entries.filter(({ messageId }) => messageId === MESSAGES.restartScheduled).length;
  return Math.max(0, begun - automatic);
}
