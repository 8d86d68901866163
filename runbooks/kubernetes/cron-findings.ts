import { clip, count, type Finding, sayDuration } from "../../src/sdk/index.ts";
import type { Event } from "./case.ts";
import { lastDue, timesDue } from "./cron.ts";
import { hindranceOf, type JobSight } from "./job-cause.ts";
import { type CronJob, isOf, type JobTarget, namedIn } from "./jobs.ts";

type Key = "unsuspend" | "fixCron" | "fixOverlap";

/** What a due run may be late: the controller looks every ten seconds, and a node needs its time. */
const LATE_SECONDS = 300;
/** Runs that were left out, or stand beside each other, before it is told without being asked. */
const MANY = 3;
/** The controller looks so often; what must begin sooner never does. */
const LEAST_DEADLINE = 10;

/**
 * CronJobs that did not run when they were due, by their schedule, their time zone and what the controller says; and those whose
 * runs keep the next from running. Pure.
 */
export function cronFindings(sight: JobSight, target: JobTarget): Finding<Key>[] {
  const { cronJobs } = sight.jobs;
  const { cronJob, namespace } = target;
  const meant = cronJob === undefined ? cronJobs : namedIn(cronJobs, cronJob, namespace);
  return meant.flatMap((one): Finding<Key>[] => {
    if (one.suspended) return cronJob === undefined ? [] : [suspended(one)];
    return one.active > 0 ? overlaps(one, sight, target) : late(one, sight, target);
  });
}

const idOf = ({ namespace, name }: CronJob): string => `${namespace}/${name}`;
const zoneOf = ({ timeZone }: CronJob): string | undefined => timeZone ?? undefined;
const sayLast = (one: CronJob): string =>
  one.lastScheduled === null ? "it never ran" : `it ran last at ${one.lastScheduled}`;

const suspended = (one: CronJob): Finding<Key> => ({
  id: `cron-suspended:${idOf(one)}`,
  severity: "info",
  title: `Cron job ${one.name} is suspended`,
  because: `Somebody suspended it: it does not run until it is resumed.${one.lastScheduled === null ? "" : ` It ran last at ${one.lastScheduled}.`}${one.managedBy ? ` ${one.managedBy} looks after it: where it says \`suspend\` there, change it there, too.` : ""}`,
  remedies: ["unsuspend"],
});

function late(one: CronJob, sight: JobSight, { now }: JobTarget): Finding<Key>[] {
  const due = lastDue(one.schedule, new Date(now.getTime() - LATE_SECONDS * 1000), zoneOf(one));
  if (due === undefined)
    return [
      {
        id: `cron-unread:${idOf(one)}`,
        severity: "info",
        title: `Whether cron job ${one.name} missed a run was not looked at`,
        because: `Its schedule (${one.schedule}${one.timeZone === null ? "" : `, ${one.timeZone}`}) is in a form, or a time zone, that is not read here; ${sayLast(one)}.`,
        remedies: ["fixCron"],
      },
    ];
  if (due === null || Date.parse(one.createdAt ?? "") > due.getTime()) return [];
  if (one.lastScheduled !== null && Date.parse(one.lastScheduled) >= due.getTime()) return [];
  return [missed(one, due, sight, now)];
}

function missed(one: CronJob, due: Date, { events }: JobSight, now: Date): Finding<Key> {
  const own = events?.events.filter(
    ({ kind, namespace, name, isWarning }) =>
      isWarning && kind === "CronJob" && namespace === one.namespace && name === one.name,
  );
  const [short, because] = whyMissed(one, own ?? []);
  const zone = one.timeZone ?? "taken as UTC";
  return {
    id: `cron-missed:${idOf(one)}`,
    severity: "warning",
    title: `Cron job ${one.name} did not run when it was due${short}`,
    because: `By its schedule (${one.schedule}, ${zone}) it was due at ${due.toISOString()}, ${sayDuration(now.getTime() - due.getTime())} ago; ${sayLast(one)}. ${because}`,
    remedies: ["fixCron"],
  };
}

/** By what the controller says of it, most telling first. */
const SAID: readonly (readonly [reason: RegExp, short: string, because: string])[] = [
  [/^FailedCreate$/, ": its job cannot be made", "The API server refuses the job:"],
  [
    /^(TooManyMissedTimes|FailedNeedsStart)$/,
    ": it missed too many",
    "It missed more than a hundred starts, and is not started any more until `startingDeadlineSeconds` bounds how far back is counted:",
  ],
  [
    /^(UnparseableSchedule|InvalidSchedule|UnParseableCronJobSchedule|UnknownTimeZone)$/,
    ": its schedule cannot be read",
    "The controller cannot read it:",
  ],
  [
    /^MissSchedule$/,
    ": it was too late",
    "The controller got to it after `startingDeadlineSeconds` was over:",
  ],
];

function whyMissed({ deadlineSeconds, timeZone }: CronJob, events: readonly Event[]): [string, string] {
  for (const [reason, short, because] of SAID) {
    const said = events.find((one) => reason.test(one.reason));
    if (said !== undefined) return [short, `${because} ${clip(said.message, 300)}`];
  }
  const seconds = deadlineSeconds ?? null;
  if (seconds !== null && seconds < LEAST_DEADLINE)
    return [
      `: startingDeadlineSeconds is ${seconds}`,
      "The controller looks every ten seconds: a run that must begin sooner is left out as a rule.",
    ];
  const deadline =
    seconds === null
      ? ""
      : `, or it missed the run by more than its startingDeadlineSeconds of ${seconds} (or was suspended at that time)`;
  const zone = timeZone === null ? ", or the cluster's schedules are in another time zone" : "";
  return ["", `Either the controller manager does not run or is behind${deadline}${zone}.`];
}

interface Overlap {
  readonly one: CronJob;
  /** So often was it due since then. */
  readonly dueSince: (at: string | null) => number;
  /** When the oldest of its runs began. */
  readonly oldest: string;
  /** From so many on it is told. */
  readonly enough: number;
}

/** Its runs last longer than the time between them. */
function overlaps(one: CronJob, sight: JobSight, target: JobTarget): Finding<Key>[] {
  const { cronJob, now } = target;
  const running = sight.jobs.jobs.filter((job) => isOf(job, one) && job.state === "running");
  const isHeld = running.some((job) => hindranceOf(job, sight, target) !== undefined);
  const seen: Overlap = {
    one,
    oldest: running.at(-1)?.startedAt ?? "an unknown time",
    enough: cronJob === undefined && !isHeld ? MANY : 1,
    dueSince: (at) =>
      timesDue(one.schedule, { since: new Date(at ?? now), now, zone: zoneOf(one), most: 100 }) ?? 0,
  };
  if (one.concurrency === "Forbid") return held(seen);
  if (one.concurrency !== "Replace") return piled(seen);
  const isDone = sight.jobs.jobs.some((job) => isOf(job, one) && job.state === "complete");
  return isDone ? [] : replaced(seen);
}

const told = (id: string, { one }: Overlap, title: string, because: string): Finding<Key>[] => [
  {
    id: `${id}:${idOf(one)}`,
    severity: "warning",
    title: `Cron job ${one.name} ${title}`,
    because,
    remedies: ["fixOverlap"],
  },
];

function held(seen: Overlap): Finding<Key>[] {
  const { one, dueSince, enough, oldest } = seen;
  const left = dueSince(one.lastScheduled);
  if (left < enough) return [];
  return told(
    "cron-held",
    seen,
    "leaves runs out: the one before still runs",
    `It was due ${left === 100 ? "more than 99 times" : count(left, "time")} since ${one.lastScheduled}, and concurrencyPolicy Forbid lets none begin before that run has ended (it began at ${oldest}).`,
  );
}

function replaced(seen: Overlap): Finding<Key>[] {
  const { one, dueSince } = seen;
  if (dueSince(one.lastSucceeded ?? one.createdAt) < MANY) return [];
  return told(
    "cron-replaced",
    seen,
    "ends its own runs before they are done",
    `concurrencyPolicy Replace ends a run when the next is due, and none has succeeded since ${one.lastSucceeded ?? `it was made (${one.createdAt})`}: a run takes longer than the time between two.`,
  );
}

const piled = (seen: Overlap): Finding<Key>[] =>
  seen.one.active < Math.max(2, seen.enough)
    ? []
    : told(
        "cron-piles",
        seen,
        `has ${seen.one.active} runs at once`,
        `concurrencyPolicy Allow begins the next whatever the one before does; the oldest began at ${seen.oldest}. They take each other's room, and where they work on the same things, each other's work.`,
      );
