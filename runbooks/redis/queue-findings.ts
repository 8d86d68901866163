import { count, type Finding, type OutputOf, type redis, saySeconds } from "../../src/sdk/index.ts";
import { BURST, emptyIn } from "../backlog/words.ts";
import {
  asked,
  backlogOf,
  comingBack,
  failedLately,
  limitsOf,
  overdue,
  type Queue,
  retryable,
  type Wanted,
  withBacklog,
  withStalled,
} from "./queue-states.ts";
import { type Remedy, WAITING } from "./queue-waiting.ts";
import { againRows, failureRows, namesIn, shown } from "./queue-words.ts";

type All = OutputOf<typeof redis.queues>;
type State = OutputOf<typeof redis.serverState>;
type Found = Finding<Remedy>;

/** One finding per cause, with the queues it holds for. */
export function aboutWaiting(all: All, context: Wanted): Found[] {
  const queues = asked(all.queues, context);
  const limits = limitsOf(context);
  const found = WAITING.flatMap(({ id, severity, title, because, remedies }): Found[] => {
    const mine = withBacklog({ queues }, id, limits);
    if (mine.length === 0) return [];
    return [
      {
        id,
        severity: severity(mine),
        title: title(namesIn(mine), mine),
        because: because(mine),
        evidence: [
          ...shown(mine, all),
          ...(id === "poisoned"
            ? againRows(mine.flatMap((queue) => queue.again.map((job) => ({ queue, job }))))
            : []),
        ],
        remedies: remedies.filter(
          (one) => one !== "resume" || mine.some(({ library }) => library === "BullMQ"),
        ),
      },
    ];
  });
  return [...found, ...draining(queues, all, context)];
}

function draining(queues: Queue[], all: All, context: Wanted): Found[] {
  const mine = withBacklog({ queues }, "draining", limitsOf(context));
  const [one] = mine;
  if (one === undefined) return [];
  const left = emptyIn(one, all.seconds);
  return [
    {
      id: "draining",
      severity: "info",
      title: `${namesIn(mine)}: worked off${left === undefined ? "" : `, ${one.name} empty in about ${saySeconds(left)} at this rate`}`,
      because: BURST,
      evidence: shown(mine, all),
    },
  ];
}

/** Jobs that workers have lost, and those that come back though others are done. */
export function aboutLost(all: All, context: Wanted): Found[] {
  const queues = asked(all.queues, context);
  const stalled = withStalled({ queues }, limitsOf(context));
  const back = comingBack({ queues });
  return [
    ...(stalled.length === 0
      ? []
      : [
          {
            id: "stalled",
            severity: "warning" as const,
            title: `${count(
              stalled.reduce((sum, one) => sum + one.stalled, 0),
              "job",
            )} of ${namesIn(stalled)} held by nobody any more`,
            because:
              "Their workers ended, or did not renew what they hold in time: too busy to do it (a long computation in one piece), or cut off from Redis. The library gives such jobs back after a while, and they are done once more.",
            evidence: shown(stalled, all),
            remedies: ["lookAtWorkers" as const],
          },
        ]),
    ...(back.length === 0
      ? []
      : [
          {
            id: "comes-back",
            severity: "info" as const,
            title: `${count(back.length, "job")} tried again and again, ${back[0]?.job.name} of ${back[0]?.queue.name} ${count(back[0]?.job.attempts ?? 0, "time")}`,
            because: "Others of the queue are done meanwhile: it is these jobs, or what only they need.",
            evidence: againRows(back),
            remedies: ["setAside" as const],
          },
        ]),
  ];
}

/** Jobs that failed for good: now, or some time ago. */
export function aboutFailed(all: All, context: Wanted): Found[] {
  const queues = asked(all.queues, context);
  const failing = queues.filter((queue) => (queue.failing ?? 0) > 0);
  const before = failedLately({ queues });
  const total = before.reduce((sum, one) => sum + (one.failed ?? 0), 0);
  return [
    ...(failing.length === 0
      ? []
      : [
          {
            id: "failing",
            severity: "warning" as const,
            title: `Jobs of ${namesIn(failing)} fail for good: ${failing.reduce((sum, one) => sum + (one.failing ?? 0), 0)} within ${saySeconds(all.seconds)}`,
            because: failing.some((one) => (one.done ?? 0) > 0)
              ? "Others are done meanwhile."
              : "None was done meanwhile: what they all need is away, or their workers are.",
            evidence: [...failureRows(failing), ...shown(failing, all)],
            remedies: ["readFailures" as const],
          },
        ]),
    ...(before.length === 0
      ? []
      : [
          {
            id: "failed-jobs",
            severity: "info" as const,
            title: `${count(total, "failed job")} in ${namesIn(before)}, none within the look`,
            because:
              retryable({ queues }).length > 0
                ? "Jobs of the queue have been done since: what they failed for seems to be over. A queue keeps failed jobs until somebody removes them."
                : "A queue keeps failed jobs until somebody removes them; whether they matter, their errors say.",
            evidence: failureRows(before),
            remedies:
              retryable({ queues }).length > 0
                ? ["retryFailed" as const, "readFailures" as const]
                : ["readFailures" as const],
          },
        ]),
  ];
}

/** What is for later: on time, or not moved though its time has come. */
export function aboutLater(all: All, context: Wanted): Found[] {
  const queues = asked(all.queues, context);
  const late = overdue({ queues }, limitsOf(context));
  const [first] = late;
  const planned = queues.filter(({ delayed, due }) => delayed >= context.params.waiting && due === 0);
  return [
    ...(first === undefined
      ? []
      : [
          {
            id: "not-promoted",
            severity: "warning" as const,
            title: `${count(
              late.reduce((sum, one) => sum + one.due, 0),
              "job",
            )} of ${namesIn(late)} due and not moved${first.dueSeconds === null ? "" : `, the first for ${saySeconds(first.dueSeconds)}`}`,
            because: "Their time has come, and nobody has put them where workers take from.",
            evidence: shown(late, all),
            remedies: ["promote" as const],
          },
        ]),
    ...(planned.length === 0
      ? []
      : [
          {
            id: "planned",
            severity: "info" as const,
            title: `${count(
              planned.reduce((sum, one) => sum + one.delayed, 0),
              "job",
            )} of ${namesIn(planned)} are for later`,
            because: "They are planned or wait for their next try, and none is overdue: no backlog.",
            evidence: shown(planned, all),
          },
        ]),
  ];
}

/** Redis itself throws keys of queues away, or may. */
export function aboutEviction({ memory, totals }: State, all: All): Found | undefined {
  if (memory === null || memory.max === 0 || all.queues.length === 0) return undefined;
  const { policy } = memory;
  if (!policy.startsWith("allkeys-") && !(policy.startsWith("volatile-") && totals.evicted > 0))
    return undefined;
  const isGone = totals.evicted > 0;
  return {
    id: "evicting",
    severity: isGone ? "critical" : "warning",
    title: isGone
      ? `Redis has thrown ${count(totals.evicted, "key")} away (${policy}), and queues live in it`
      : `Redis may throw keys of queues away (${policy})`,
    because: isGone
      ? policy.startsWith("volatile-")
        ? "Since it was started. Keys with a TTL go, and the locks of BullMQ's jobs and the heartbeats of workers are among those: jobs are then done twice."
        : "Since it was started. Any key may have gone, jobs among them: they do not come back, and numbers of the queue need not fit together any more."
      : "Once it is full, any key may go, jobs among them.",
    explains: isGone ? ["stalled", "not-promoted"] : [],
    remedies: ["keepKeys"],
  };
}

/** What is asked about is not here. */
export function notThere(all: All, context: Wanted): Found | undefined {
  const { queue } = context.params;
  if (queue !== undefined && asked(all.queues, context).length === 0)
    return {
      id: "no-such-queue",
      severity: "info",
      title: `There is no queue ${queue} among those found in this Redis`,
      because:
        all.queues.length === 0
          ? `No queue was found among ${count(all.keys, "key")}: it may live in another Redis, in RabbitMQ, or in the service itself.`
          : `Found: ${namesIn(all.queues)}. An empty queue that nobody has used yet has no keys.`,
    };
  if (all.queues.length > 0) return undefined;
  return {
    id: "no-queues",
    severity: "info",
    title: "No queue of BullMQ, Celery, Sidekiq or RQ, and no group of a stream, in this Redis",
    because: `Looked at the names of ${count(all.keys, "key")}. Queues of other libraries are a check's business (docs/checks.md); another Redis of the system may hold them.`,
  };
}

/** Entries of a stream that are gone before a group got them. */
export function aboutTrimmed(all: All, context: Wanted): Found | undefined {
  const lost = asked(all.queues, context).filter(({ trimmed = 0 }) => trimmed > 0);
  const isRead = lost.some(({ workers }) => (workers ?? 0) > 0);
  if (lost.length === 0) return undefined;
  return {
    id: "trimmed",
    severity: isRead ? "critical" : "warning",
    title: `${count(
      lost.reduce((sum, one) => sum + (one.trimmed ?? 0), 0),
      "entry",
      "entries",
    )} of ${namesIn(lost)} were cut off the stream before the group was given them`,
    because: `The stream keeps so many entries (MAXLEN) or so long (MINID), and the group was further behind: they are gone, and no worker gets them any more.${isRead ? "" : " Where the group is one that was left behind, nobody misses them."}`,
    evidence: shown(lost, all),
    remedies: ["keepLonger"],
  };
}

/** The queue that an alert names, where it is no backlog by the limits of this look: its figures stand under the alert all the same. */
export function belowLimits(all: All, context: Wanted & { readonly alert?: unknown }): Found | undefined {
  const { queue, waiting, oldMinutes } = context.params;
  if (context.alert === undefined || queue === undefined) return undefined;
  const mine = asked(all.queues, context).filter(
    (one) => one.waiting > 0 && backlogOf(one, limitsOf(context)) === undefined,
  );
  const [one] = mine;
  if (one === undefined) return undefined;
  const rest = one.oldestSeconds === null ? "" : `, the first for ${saySeconds(one.oldestSeconds)}`;
  return {
    id: "below-limits",
    severity: "info",
    title: `${count(one.waiting, "job")} of ${one.name} wait${rest}: no backlog by the limits of this look`,
    because: `From ${waiting} jobs or ${oldMinutes} min on it says what holds them up. The alert has a limit of its own: ask again with waiting=${Math.max(1, Math.floor(one.waiting / 2))} where that is the right one.`,
    evidence: shown(mine, all),
  };
}
