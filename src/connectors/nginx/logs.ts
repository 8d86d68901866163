import { randomBytes } from "node:crypto";
import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { groupLines, LogFound } from "../log-groups.ts";
import type { Level, LogLine } from "../log-line.ts";
import { answersOf } from "./access-lines.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { configNow } from "./config.ts";
import { KINDS, type Kind, kindOf, upstreamOf } from "./log-kinds.ts";
import { offsetOf, type Tail, tailsOf } from "./tails.ts";

const MOST_BYTES = 2_000_000;
const ALL_BYTES = 14_000_000;
const MOST_LOGS = 20;

// Arguments: what stands between the parts (drawn anew each time: lines of others cannot pretend to be it), bytes, seconds back, then files.
// Of each the file and, for what was rotated a moment ago, the one before. A file last written before that time holds nothing of it.
const TAIL = `mark=$1; bytes=$2; now=$(date +%s); from=$((now - $3)); shift 3; echo "$now"; date +%z
for file; do for one in "$file" "$file.1"; do printf '%s\\n' "$mark"
  if [ "$one" != "$file" ] && [ ! -e "$one" ]; then echo none; continue; fi
  if said=$(stat -L -c '%s %Y' -- "$one" 2>&1); then :; else echo "- $said"; continue; fi
  if [ ! -f "$one" ]; then echo "- it is no file"; continue; fi
  if [ "\${said#* }" -lt "$from" ]; then echo none; continue; fi
  if [ ! -r "$one" ]; then echo "- Permission denied"; continue; fi
  echo "$said"; tail -c "$bytes" -- "$one"; echo; done; done
true`;

const Cause = z.object({
  kind: z.enum(KINDS),
  count: z.int(),
  /** Seconds since the last line. */
  agoSeconds: z.number(),
  /** Whom it was asked of, most often first, at most 10. */
  upstreams: z.array(z.object({ address: z.string(), count: z.int() })),
  example: z.string(),
});

export const Logs = z.object({
  minutes: z.number(),
  /** Of the error log, by what nginx says. */
  causes: z.array(Cause),
  /** All of it, grouped. */
  errors: LogFound,
  /** Of the access log, where its lines have the usual form: answers by status, and how many in all. Null: not to be read. */
  answers: z.object({ total: z.int(), byStatus: z.record(z.string(), z.int()) }).nullable(),
  /** An error log is longer than what was read of it: there may be more lines of each cause. */
  isPart: z.boolean().optional(),
  notSeen,
});

/** The ends of the error and the access log, 2 MB of each, within the last minutes: what went wrong by cause, and which answers were given. */
export const logs = actionsOn<NginxClient>("nginx").read({
  name: "nginx.logs",
  title: "Error and access log: what went wrong, by cause",
  timeoutSeconds: 30,
  input: z.object({ minutes: z.int().min(1).max(720).default(15) }),
  output: Logs,
  run: async (client, { minutes }, context) => {
    const { facts } = await configNow(client, context);
    const errorPaths = facts.errorLogs.slice(0, MOST_LOGS);
    const accessPaths = facts.accessLogs.slice(0, MOST_LOGS);
    // nginx writes the error before the answer: read the other way round, an answer could stand there without its reason.
    const paths = [...accessPaths, ...errorPaths];
    const bytes = Math.min(MOST_BYTES, Math.floor(ALL_BYTES / (2 * paths.length + 1)));
    const mark = `==${randomBytes(12).toString("hex")}`;
    const words = [mark, String(bytes), String(2 * minutes * 60), ...paths];
    const said = await ask(client, TAIL, words, context, { maxBytes: ALL_BYTES + 200_000, cut: true });
    const [clock = "", ...parts] = said.split(`${mark}\n`);
    const [now = "0", zone = "+0000"] = clock.split("\n");
    const from = Number(now) - minutes * 60;
    const { tails, missing } = tailsOf(parts, paths, bytes);
    const of = (wanted: readonly string[]): Tail[] => tails.filter(({ path }) => wanted.includes(path));
    const errors = of(errorPaths);
    const dated = errors.map((tail) => {
      const offset = offsetOf(tail, zone);
      return { ...tail, found: tail.lines.flatMap((line) => errorLine(line, offset)) };
    });
    const lines = dated.flatMap(({ found }) => found).sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const cut = dated.filter(({ isWhole, found }) => !isWhole && (found[0]?.at ?? 0) > from);
    const answers = answersOf(of(accessPaths), from);
    return {
      minutes,
      causes: causesOf(
        lines.filter(({ at }) => (at ?? 0) >= from),
        Number(now),
      ),
      errors: groupLines(
        lines,
        { minutes },
        Number(now),
        errors.every(({ isWhole }) => isWhole),
      ),
      answers: of(accessPaths).length === 0 && accessPaths.length === 0 ? null : answers.counts,
      isPart: cut.length > 0,
      notSeen: [
        ...(facts.elsewhere ?? []).map(({ log, why }) => ({ what: log, why })),
        ...missing,
        ...[...new Set([...cut.map(({ path }) => path), ...answers.cut])].map((path) => ({
          what: `what stands in ${path} before its last ${Math.round(bytes / 1_000)} kB`,
          why: `it is longer, within the last ${minutes} min`,
        })),
        ...answers.strange.map((path) => ({
          what: `the answers in ${path}`,
          why: "its lines have a form of their own: neither common, combined nor JSON",
        })),
        ...(accessPaths.length > 0 || (facts.elsewhere ?? []).some(({ log }) => log.startsWith("access_log"))
          ? []
          : [{ what: "which answers were given", why: "no access log is written" }]),
        ...(paths.length < facts.errorLogs.length + facts.accessLogs.length
          ? [{ what: "the other logs", why: `only ${MOST_LOGS} of each kind are read` }]
          : []),
      ],
    };
  },
});

const LEVEL: Readonly<Record<string, Level>> = {
  ...{ debug: "debug", info: "info", notice: "info", warn: "warning" },
  ...{ error: "error", crit: "error", alert: "error", emerg: "error" },
};

/** `2026/11/30 16:20:39 [error] 7#7: *1 connect() failed (111: …)`, in the machine's own time. */
function errorLine(text: string, offset: number): LogLine[] {
  const [, day, clock, level = "", message = ""] =
    /^(\d{4}\/\d\d\/\d\d) (\d\d:\d\d:\d\d) \[(\w{1,10})\] \d+#\d+: (?:\*\d+ )?(.{0,4000})/.exec(text) ?? [];
  if (day === undefined) return [];
  const at = Date.parse(`${day.replaceAll("/", "-")}T${clock}Z`) / 1000 - offset;
  return [
    {
      at,
      level: LEVEL[level] ?? null,
      component: "nginx",
      message,
      tookMs: null,
      fields: {},
      isBroken: false,
    },
  ];
}

function causesOf(lines: readonly LogLine[], now: number): z.output<typeof Cause>[] {
  const found = new Map<Kind, { lines: LogLine[]; upstreams: Map<string, number> }>();
  for (const line of lines) {
    const kind = kindOf(line.message);
    if (kind === undefined) continue;
    const one = found.get(kind) ?? { lines: [] as LogLine[], upstreams: new Map<string, number>() };
    found.set(kind, one);
    one.lines.push(line);
    const address = upstreamOf(line.message);
    if (address !== "") one.upstreams.set(address, (one.upstreams.get(address) ?? 0) + 1);
  }
  return [...found].map(([kind, { lines: mine, upstreams }]) => ({
    kind,
    count: mine.length,
    agoSeconds: Math.max(0, now - Math.max(...mine.slice(-1_000).map(({ at }) => at ?? 0))),
    upstreams: [...upstreams]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 10)
      .map(([address, count]) => ({ address, count })),
    example: (mine.at(-1)?.message ?? "").slice(0, 400),
  }));
}
