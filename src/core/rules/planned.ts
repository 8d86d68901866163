import { isDate, type Planned, WEEKDAYS } from "../words/planned.ts";

const DAY_MS = 86_400_000;
/** The next window is looked for so many days ahead: every weekday comes within them. */
const DAYS_AHEAD = 8;

export interface Window {
  readonly since: Date;
  readonly until: Date;
}

/** The window that `now` lies in; of two that overlap the one that ends last. */
export const windowAt = (planned: Planned, now: Date): Window | undefined =>
  windowsNear(planned, now, 1)
    .filter(({ since, until }) => since <= now && now < until)
    .sort((a, b) => b.until.getTime() - a.until.getTime())[0];

/** The first window that begins after `now`; undefined: all its dates are over. */
export const nextWindow = (planned: Planned, now: Date): Window | undefined =>
  [...windowsNear(planned, now, DAYS_AHEAD), ...windowsOfDates(planned)]
    .filter(({ since }) => since > now)
    .sort((a, b) => a.since.getTime() - b.since.getTime())[0];

/** The name of one window of one system: whoever opens it, it is opened once. Two that begin together end by themselves. */
export const windowName = (system: string, { quiet }: Planned, { since, until }: Window): string =>
  `${quiet ? "maintenance" : "freeze"}:${system}:${since.toISOString()}/${until.toISOString()}`;

/** Those that begin on a day from before the longest that may still hold, until so many days ahead. */
function windowsNear(planned: Planned, now: Date, ahead: number): Window[] {
  const first = -Math.ceil(planned.for / DAY_MS) - 1;
  const windows: Window[] = [];
  for (let n = first; n <= ahead; n += 1) {
    const day = new Date(wallOf(planned.zone, now.getTime() + n * DAY_MS)).toISOString().slice(0, 10);
    const weekday = WEEKDAYS[new Date(day).getUTCDay()] ?? "";
    if (planned.on.some((one) => one === "daily" || one === weekday || one === day))
      windows.push(windowOn(planned, day));
  }
  return windows;
}

const windowsOfDates = (planned: Planned): Window[] =>
  planned.on.filter(isDate).map((day) => windowOn(planned, day));

function windowOn({ zone, at, for: lasts }: Planned, day: string): Window {
  const since = instantOf(zone, Date.parse(`${day}T${at}:00Z`));
  return { since: new Date(since), until: new Date(since + lasts) };
}

/**
 * When a clock in the zone shows that time (ms, as if it were UTC). Of a time that comes twice it is the first; one that the clock
 * skips is the same moment by the clock as it was before.
 */
function instantOf(zone: string, wall: number): number {
  const [before, after] = [-DAY_MS, DAY_MS].map((away) => wall - offsetAt(zone, wall + away)) as [
    number,
    number,
  ];
  const fits = [before, after].filter((one) => wallOf(zone, one) === wall);
  return fits.length === 0 ? before : Math.min(...fits);
}

/** Making one takes longer than all that is asked of it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    ...({ year: "numeric", month: "numeric", day: "numeric" } as const),
    ...({ hour: "numeric", minute: "numeric", second: "numeric" } as const),
  });
  clocks.set(zone, clock);
  return clock;
}

const offsetAt = (zone: string, at: number): number => wallOf(zone, at) - Math.floor(at / 1_000) * 1_000;

/** What a clock in the zone shows at that moment, in ms as if it were UTC. */
function wallOf(zone: string, at: number): number {
  const parts = clockOf(zone).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
}

/** `sunday at 02:00 (Europe/Berlin) for 2h`. */
export const sayPlanned = ({ on, at, zone }: Planned): string =>
  `${on.length > 7 ? `${on.length} days` : on.join(", ")} at ${at}${zone === "UTC" ? " UTC" : ` (${zone})`}`;
