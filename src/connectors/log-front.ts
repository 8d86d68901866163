/** What stands in front of a message; empty: nothing says. */
export interface Front {
  /** `2026-01-02 03:04:05.678+0200`, or the same without a zone, or without a year (`--01-02 03:04:05`). */
  readonly time: string;
  readonly level: string;
  readonly component: string;
  readonly rest: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const LETTERS: Readonly<Record<string, string>> = {
  ...{ D: "debug", I: "info", W: "warning", E: "error", F: "fatal", A: "info" },
  // Redis.
  ...{ ".": "debug", "-": "debug", "*": "notice", "#": "warning" },
  // .NET.
  ...{ fail: "error", crit: "critical", warn: "warning", info: "info", dbug: "debug", trce: "trace" },
};

const CLOCK = String.raw`(?<clock>\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)`;
const MONTH = "(?<mon>[A-Z][a-z]{2})";
const form = (source: string): RegExp => new RegExp(`^${source}`, "s");

/**
 * Fixed formats of programs and libraries, by their documentation and by lines written by them. In the first that fits its groups
 * say what is what; `letter` is a level by a sign of its own. Without `rest` the whole line is the message. All in linear time.
 */
const FORMATS: readonly RegExp[] = [
  // httpd.apache.org/docs/2.4/logs.html, nginx "combined".
  form(
    String.raw`\S{1,100} \S{1,100} \S{1,100} \[(?<d>\d\d)/${MONTH}/(?<y>\d{4}):${CLOCK} (?<zone>[+-]\d{4})\] `,
  ),
  // Apache's error log.
  form(
    String.raw`\[[A-Z][a-z]{2} ${MONTH} (?<d>\d\d) ${CLOCK} (?<y>\d{4})\] \[(?:(?<component>[\w-]{0,40}):)?(?<level>[a-z]{3,7})\d?\] (?<rest>.*)`,
  ),
  // PHP and php-fpm.
  form(
    String.raw`\[(?<d>\d\d)-${MONTH}-(?<y>\d{4}) ${CLOCK}(?: (?:(?<utc>UTC|GMT)|[A-Z][\w/+-]{2,40}))?\] (?:PHP )?(?:(?:(?:Fatal|Parse|Core|Compile|Recoverable fatal) (?<level>error)|(?<level2>Warning|Notice|Deprecated|ERROR|WARNING|NOTICE|ALERT|DEBUG)): {0,4})?(?<rest>.*)`,
  ),
  // Redis and Valkey.
  form(String.raw`\d{1,8}:[XCSM] (?<d>\d\d) ${MONTH} (?<y>\d{4}) ${CLOCK} (?<letter>[.*#-]) (?<rest>.*)`),
  // Ruby's Logger, as Rails has it.
  form(
    String.raw`(?<letter>[DIWEFA]), \[(?<iso>\d{4}-\d\d-\d\d)T${CLOCK}(?: #\d{1,8})?\] {1,3}[A-Z]{3,7} -- (?<component>[^:]{0,60}): (?<rest>.*)`,
  ),
  // klog and glog: programs of Kubernetes.
  form(
    String.raw`(?<letter>[IWEF])(?<m>\d\d)(?<d>\d\d) ${CLOCK} {1,8}\d{1,8} (?<component>[\w.-]{1,80}):\d{1,6}\] (?<rest>.*)`,
  ),
  // .NET's console: category and event.
  form(
    String.raw`(?<letter>fail|crit|warn|info|dbug|trce): (?<component>[\w.+\x60]{1,150})\[\d{1,6}\]\s{0,10}(?<rest>.*)`,
  ),
  // NestJS: its date is the reader's, month or day first.
  form(
    String.raw`\[Nest\] {1,2}\d{1,8} {1,3}- [\d/., :APM\u202f]{10,30} {1,9}(?<level>ERROR|WARN|LOG|DEBUG|VERBOSE|FATAL) (?:\[(?<component>[^\]]{1,60})\] )?(?<rest>.*)`,
  ),
  // RFC 3164, as files of rsyslog have it.
  form(
    String.raw`(?:<\d{1,3}>)?${MONTH} (?<d>[ \d]\d) ${CLOCK} \S{1,255} (?<component>[\w./-]{1,80})(?:\[\d{1,8}\])?: (?<rest>.*)`,
  ),
  // The same with the newer time.
  form(
    String.raw`(?<iso>\d{4}-\d\d-\d\d)T${CLOCK}(?<zone>Z|[+-]\d\d:?\d\d) \S{1,255} (?<component>[\w./-]{1,80}(?=\[)|kernel)(?:\[\d{1,8}\])?: (?<rest>.*)`,
  ),
];

/** Time, level and component in front of a text, by a known format or in any usual order, bracketed or not. */
export function frontOf(line: string, isLevel: (word: string) => boolean): Front {
  const known = byFormat(line);
  if (known === undefined) return inAnyOrder(line, isLevel);
  // What a logger behind syslog writes has a level of its own.
  return known.level !== "" || known.rest === line
    ? known
    : { ...known, ...pick(inAnyOrder(known.rest, isLevel)) };
}

const pick = ({ level, rest }: Front) => ({ level, rest });

function byFormat(line: string): Front | undefined {
  for (const format of FORMATS) {
    const found = format.exec(line)?.groups;
    if (found !== undefined)
      return {
        time: timeIn(found),
        level: found.level ?? found.level2 ?? LETTERS[found.letter ?? ""] ?? "",
        component: found.component ?? "",
        rest: found.rest ?? line,
      };
  }
  return undefined;
}

/** Empty where the format has none, or one that reads either way. */
function timeIn({ iso, y = "-", mon = "", m, d = "", clock, zone, utc }: Record<string, string>): string {
  const month = m ?? String(MONTHS.indexOf(mon) + 1).padStart(2, "0");
  if (clock === undefined || (iso === undefined && month === "00")) return "";
  const day = iso ?? `${y}-${month}-${d.trim().padStart(2, "0")}`;
  return `${day} ${clock}${utc === undefined ? (zone ?? "") : "Z"}`;
}

const STAMP =
  /^\[?(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d| UTC| GMT)?)\]?[\s:|-]{0,5}/;
const WORDS = "DEBUG|INFO|NOTICE|LOG|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC";
/** A thread, logger or process stands before the level. */
const BETWEEN = new RegExp(
  String.raw`^(\[[^\]\s]{1,60}\]|[\w.$:-]{1,60}?:?)(?: - | \| | : | )(?=[[(]?(?:${WORDS})\b)`,
);
/** Postgres: what `log_line_prefix` puts between time and severity. */
const PREFIXED = new RegExp(
  String.raw`^(?:[A-Z]{2,5} )?\[\d{1,8}(?:-\d{1,8})?\][^\n]{0,160}? ?(?=(?:${WORDS}):\s)`,
);

/** A time and a level in front of a text, in either order; the rest is the message. */
function inAnyOrder(line: string, isLevel: (word: string) => boolean): Front {
  let front: Front = { time: "", level: "", component: "", rest: line };
  for (let taken = 0; taken < 4; taken += 1) {
    const next = withoutTime(front) ?? withoutLevel(front, isLevel) ?? withoutBetween(front);
    if (next === undefined) break;
    front = next;
  }
  return front;
}

function withoutTime(front: Front): Front | undefined {
  const stamp = front.time === "" ? STAMP.exec(front.rest) : null;
  if (stamp === null) return undefined;
  const time = (stamp[1] ?? "").replaceAll("/", "-").replace(/ (?:UTC|GMT)$/, "Z");
  return { ...front, time, rest: front.rest.slice(stamp[0].length) };
}

/** A word of a sentence is no level: it stands in capitals or brackets, or before a colon. */
function withoutLevel(front: Front, isLevel: (word: string) => boolean): Front | undefined {
  if (front.level !== "") return undefined;
  const { rest } = front;
  // Celery: `ERROR/MainProcess] `.
  const word = /^[[<(]?([A-Za-z]{3,11})(?:\/[\w.-]{1,60}\] |[\])>]?[:|\s-]{1,9})/.exec(rest);
  const level = word?.[1] ?? "";
  if (word === null || !isLevel(level)) return undefined;
  const isOne = level === level.toUpperCase() || /^[[<(]/.test(rest) || word[0].includes(":");
  return isOne ? { ...front, level, rest: rest.slice(word[0].length) } : undefined;
}

function withoutBetween(front: Front): Front | undefined {
  if (front.level !== "" || front.time === "") return undefined;
  const found = PREFIXED.exec(front.rest) ?? BETWEEN.exec(front.rest);
  if (found === null) return undefined;
  const component = found[1]?.replace(/^\[|[\]:]$/g, "") ?? "";
  return { ...front, component, rest: front.rest.slice(found[0].length) };
}
