/** Values of one field; undefined: it is in a form that is not read here. */
function field(text: string, low: number, high: number): ReadonlySet<number> | undefined {
  const all = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, from, to, step] = match;
    const begin = from === undefined ? low : Number(from);
    const end = from === undefined || (to === undefined && step !== undefined) ? high : Number(to ?? from);
    for (let n = begin; n <= end; n += Math.max(1, Number(step ?? 1))) all.add(n);
  }
  return all;
}

const NAMED: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
};
/** Minutes that are looked back: five weeks hold every monthly schedule. */
const BACK = 36 * 24 * 60;

/**
 * When a schedule was due last before `now`, in UTC (what kube-controller-manager uses as a rule where no time zone is set);
 * undefined: names of days and other forms are not read, or it is due more rarely. Pure.
 */
export function lastDue(schedule: string, now: Date): Date | undefined {
  const words = (NAMED[schedule.trim()] ?? schedule).trim().split(/\s+/);
  if (words.length !== 5) return undefined;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = words;
  const sets = [
    field(minute, 0, 59),
    field(hour, 0, 23),
    field(day, 1, 31),
    field(month, 1, 12),
    field(weekday, 0, 7),
  ];
  const [minutes, hours, days, months, weekdays] = sets;
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  const isDay = (at: Date): boolean => {
    const byDay = days.has(at.getUTCDate());
    const byWeekday = weekdays.has(at.getUTCDay()) || (at.getUTCDay() === 0 && weekdays.has(7));
    // Where both are restricted either will do (crontab(5)).
    if (day !== "*" && weekday !== "*") return byDay || byWeekday;
    return byDay && byWeekday;
  };
  const first = Math.floor(now.getTime() / 60_000);
  for (let n = first; n > first - BACK; n--) {
    const at = new Date(n * 60_000);
    if (
      minutes.has(at.getUTCMinutes()) &&
      hours.has(at.getUTCHours()) &&
      months.has(at.getUTCMonth() + 1) &&
      isDay(at)
    )
      return at;
  }
  return undefined;
}
