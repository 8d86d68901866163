const NAMED: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE = 60_000;
/** How far is looked back: five years hold the 29th of February. */
const BACK_DAYS = 5 * 366;

/** Values of one field; undefined: it is in a form that is not read here. `names` begin at `low`. */
function field(
  text: string,
  low: number,
  high: number,
  names: readonly string[] = [],
): ReadonlySet<number> | undefined {
  const all = new Set<number>();
  const plain = names.reduce((now, name, n) => now.replaceAll(name, String(low + n)), text.toLowerCase());
  for (const part of plain.replaceAll("?", "*").split(",")) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, from, to, step] = match;
    const begin = from === undefined ? low : Number(from);
    const end = from === undefined || (to === undefined && step !== undefined) ? high : Number(to ?? from);
    for (let n = begin; n <= end; n += Math.max(1, Number(step ?? 1))) all.add(n);
  }
  return all;
}

interface Schedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  isDay(at: Date): boolean;
}

function parsed(schedule: string): Schedule | undefined {
  const words = (NAMED[schedule.toLowerCase()] ?? schedule).split(/\s+/);
  if (words.length !== 5) return undefined;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = words;
  const minutes = field(minute, 0, 59);
  const hours = field(hour, 0, 23);
  const days = field(day, 1, 31);
  const months = field(month, 1, 12, MONTHS);
  const weekdays = field(weekday, 0, 7, DAYS);
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  const isAny = (text: string): boolean => text === "*" || text === "?";
  return {
    minutes,
    hours,
    isDay: (at) => {
      if (!months.has(at.getUTCMonth() + 1)) return false;
      const byDay = days.has(at.getUTCDate());
      const byWeekday = weekdays.has(at.getUTCDay()) || (at.getUTCDay() === 0 && weekdays.has(7));
      // Where both are restricted either will do (crontab(5)).
      return isAny(day) || isAny(weekday) ? byDay && byWeekday : byDay || byWeekday;
    },
  };
}

/** What the clock on the wall shows, as if it were UTC. Throws RangeError for a zone that is not known. */
function wallOf(zone: string): (at: number) => Date {
  if (/^(etc\/)?utc$/i.test(zone)) return (at) => new Date(at);
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone: zone, hourCycle: "h23" },
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" },
  });
  return (at) => {
    const of = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 1, day = 1] = [of.get("year"), of.get("month"), of.get("day")];
    return new Date(Date.UTC(year, month - 1, day, of.get("hour"), of.get("minute")));
  };
}

/**
 * When a schedule was due last before or at `now`, in a time zone; default UTC, what kube-controller-manager uses as a rule where
 * none is set. Null: never within five years. Undefined: its form (`@every 1h`) or the zone is not read here. Pure.
 */
export function lastDue(schedule: string, now: Date, zone = "UTC"): Date | null | undefined {
  const [, own = zone, rest = ""] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(schedule.trim()) ?? [];
  const of = parsed(rest.trim());
  if (of === undefined) return undefined;
  try {
    return before(of, now, wallOf(own));
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function before({ minutes, hours, isDay }: Schedule, now: Date, wall: (at: number) => Date): Date | null {
  const least = now.getTime() - BACK_DAYS * 24 * 60 * MINUTE;
  let at = Math.floor(now.getTime() / MINUTE) * MINUTE;
  while (at > least) {
    const here = wall(at);
    const [hour, minute] = [here.getUTCHours(), here.getUTCMinutes()];
    if (!isDay(here)) {
      at -= (hour * 60 + minute + 1) * MINUTE;
      // A day of 23 hours was left too far.
      if (wall(at).getUTCHours() === 22) at += 60 * MINUTE;
    } else if (!hours.has(hour)) at -= (minute + 1) * MINUTE;
    else if (!minutes.has(minute)) at -= MINUTE;
    else return new Date(at);
  }
  return null;
}

/** How often a schedule was due after `since`, up to `most`; undefined where it is not read. Pure. */
export function timesDue(
  schedule: string,
  { since, now, zone, most }: { since: Date; now: Date; zone?: string | undefined; most: number },
): number | undefined {
  let times = 0;
  let due = lastDue(schedule, now, zone);
  while (due && due.getTime() > since.getTime() && times < most) {
    times += 1;
    due = lastDue(schedule, new Date(due.getTime() - MINUTE), zone);
  }
  return due === undefined ? undefined : times;
}
