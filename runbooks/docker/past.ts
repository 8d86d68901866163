import type { Container, Events } from "./cause.ts";

type Event = Events["events"][number];

/** What the engine remembers of one container. */
export interface Past {
  /** Since its last start, oldest first: what came before is no reason for how it ended now. */
  readonly sinceStart: readonly Event[];
  /** Its last end is among them: who asked for it would be, too. */
  readonly remembersEnd: boolean;
  /** Ends within the last hour that nobody asked for, oldest first. */
  readonly crashes: readonly Event[];
  /** Ends within the last hour that somebody asked for. */
  readonly asked: number;
  /** Kills for memory within the last hour. */
  readonly shorts: readonly Event[];
  /** All of the last hour, or of its life where that is shorter, is remembered. */
  readonly isWhole: boolean;
}

const HOUR = 3600;
/** What is asked of the engine comes before the end it leads to. */
const BEFORE_END_MS = 60_000;
/** Beyond its grace period: how much later than the request an end may still come of it. */
const LATE_SECONDS = 30;
/** Signals that programs use to be told something (reload, reopen logs, a resized window): no request to end. */
const TALKING = new Set([1, 10, 12, 17, 18, 28]);
const SIGNAL_NAMES: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  KILL: 9,
  USR1: 10,
  USR2: 12,
  TERM: 15,
  WINCH: 28,
};

/** Pure. `events` absent: nothing is known. */
export function pastOf(one: Container, events: Events | undefined, now: Date): Past {
  const mine = (events?.events ?? []).filter(({ container }) => container === one.id);
  const start = mine.findLastIndex(isStart);
  const started = Math.floor(Date.parse(one.startedAt) / 1000);
  const sinceStart = start >= 0 ? mine.slice(start + 1) : mine.filter(({ at }) => at >= started);
  const hourAgo = now.getTime() / 1000 - HOUR;
  const forgot = events?.forgotBefore ?? null;
  // Of an end at the edge of what the engine remembers the request may be forgotten: nothing is concluded from it.
  const isWholly = (i: number, at: number) =>
    forgot === null || at - forgot > one.stopSeconds + LATE_SECONDS || mine.slice(0, i).some(isStart);
  const ends = mine.flatMap((event, i) =>
    event.what === "die" && event.at >= hourAgo && isWholly(i, event.at)
      ? [{ event, isAsked: wasAsked(mine, i, one) }]
      : [],
  );
  return {
    sinceStart,
    remembersEnd: sinceStart.some(({ what }) => what === "die"),
    crashes: ends.flatMap(({ event, isAsked }) => (isAsked ? [] : [event])),
    asked: ends.filter(({ isAsked }) => isAsked).length,
    shorts: mine.filter(({ what, at }) => what === "oom" && at >= hourAgo),
    isWhole: events !== undefined && (forgot === null || forgot <= hourAgo),
  };
}

/** The containers whose past says something, and from when on: what ended, was restarted, or has a limit to be killed at. */
export const pastAsked = (containers: readonly Container[], now: Date) =>
  containers.filter(hasPast).map((one) => {
    const ended = one.state === "exited" ? Date.parse(one.finishedAt) - BEFORE_END_MS : 0;
    const since = Math.max(ended, Date.parse(one.startedAt), now.getTime() - HOUR * 1000);
    return { container: one.id, name: one.name, since: new Date(since).toISOString() };
  });

function hasPast(one: Container): boolean {
  if (one.state === "exited") return one.exitCode !== 0 || one.restartPolicy !== "no";
  if (one.state === "restarting" || one.state === "paused") return true;
  const isNew = one.restartCount > 0 && (one.uptimeSeconds ?? 0) < HOUR;
  return one.state === "running" && (isNew || one.memoryLimit > 0 || one.health === "unhealthy");
}

const isStart = ({ what }: Event): boolean => what === "start";

/** How its last end was asked for; undefined: it was not, as far as the engine remembers. */
export function requestOf(one: Container, { sinceStart }: Past): "stop" | "kill" | undefined {
  if (sinceStart.some(({ what }) => what === "stop")) return "stop";
  const end = sinceStart.findLastIndex(({ what }) => what === "die");
  return end >= 0 && wasAsked(sinceStart, end, one) ? "kill" : undefined;
}

/** Signals it was sent through the engine since its last start. */
export const signalsIn = ({ sinceStart }: Past): number[] =>
  sinceStart.filter(({ what }) => what === "kill").map(({ signal }) => signalOf(signal));

export const wasShort = ({ sinceStart }: Past): boolean => sinceStart.some(({ what }) => what === "oom");

/** Between its start and this end somebody sent it a signal to end, and not long before. */
function wasAsked(events: readonly Event[], end: number, one: Container): boolean {
  const died = events[end]?.at ?? 0;
  const start = events.slice(0, end).findLastIndex(isStart);
  return events
    .slice(start + 1, end)
    .some(
      ({ what, signal, at }) =>
        what === "kill" && !TALKING.has(signalOf(signal)) && died - at <= one.stopSeconds + LATE_SECONDS,
    );
}

/** `15`, or `SIGTERM` as Podman has it. */
const signalOf = (said: string | null): number =>
  Number(said) || (SIGNAL_NAMES[(said ?? "").toUpperCase().replace(/^SIG/, "")] ?? 0);
