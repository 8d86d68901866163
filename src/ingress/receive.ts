import type { Catalog } from "../core/ports/catalog.ts";
import type {
  AnswerRequest,
  AnswerResult,
  Entry,
  Intake,
  VoteRequest,
  VoteResult,
} from "../core/ports/intake.ts";
import type { Reader } from "../core/ports/reader.ts";
import { type QueueTakes, RUN_WAITS, sayQueue } from "../core/rules/queue-away.ts";
import type { Notification } from "../core/words/alert.ts";
import type { Caller } from "../core/words/caller.ts";
import type { Change } from "../core/words/change.ts";
import { DiagError, toDiagError } from "../core/words/errors.ts";
import type { Command, Intent } from "../core/words/intent.ts";
import { type Reply, say } from "../core/words/reply.ts";
import { type Redact, redactDeep } from "../lib/redact.ts";
import type { Logger } from "../telemetry/logger.ts";
import { setAuto, showAuto, stopAuto } from "./auto.ts";
import { createBuckets } from "./bucket.ts";
import { cancelRun } from "./cancel.ts";
import { noteChanges, showChanges } from "./changes/show.ts";
import { checkRun } from "./check-run.ts";
import { openChecklist, tickItem } from "./checklists.ts";
import { castVote, type Decision, giveAnswer } from "./decide.ts";
import { errorReply, redactError } from "./error-reply.ts";
import { freeze, showFreezes, unfreeze } from "./freezing.ts";
import { askGuide } from "./guide.ts";
import { acknowledge, closeIncident, openThread } from "./incidents.ts";
import { knownOf } from "./known.ts";
import type { IngressMetrics } from "./metrics.ts";
import { parse } from "./parse.ts";
import { mustRead } from "./rights.ts";
import { routeAlerts } from "./routing/route-alerts.ts";
import { splitGroups } from "./routing/split.ts";
import { showHelp, showList } from "./show-help.ts";
import { showPostmortem } from "./show-postmortem.ts";
import { showHistory, showPending, showStatus } from "./show-runs.ts";
import { showStorm } from "./show-storm.ts";

/** What the door works with. */
export interface DoorDeps {
  readonly catalog: Catalog;
  readonly commands: readonly Command[];
  readonly intake: Intake;
  readonly reader: Reader;
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  readonly queueTakes?: QueueTakes;
  /** Takes known secrets out of what is answered: a refusal repeats the words that were typed. Default: nothing. */
  readonly redact?: Redact;
}

/** Where a request was made; a run's thread goes to `channel`, else to its system's. */
export interface Where {
  readonly channel?: string;
  readonly dryRun?: boolean;
}

/** The one door: every way in asks here, tests too. */
export interface Door {
  /** What was typed as an intent; throws user errors. */
  plan(text: string, caller: Caller): Intent;
  /**
   * Checks the intent, stores what it asks for and answers. Never throws: refusals and a lost store are answers with
   * `error`. A repeated delivery (same `dedupeKey`) gets the first one's run.
   */
  receive(entry: Entry, intent: Intent, caller: Caller, where: Where): Promise<Reply>;
  /** Stores a vote and says what it came to. Throws as `Intake.castVote` does. */
  vote(entry: Entry, request: VoteRequest): Promise<Decision<VoteResult>>;
  /** Stores what a person says of a remedy whose outcome is unknown, or that is in force. Throws as `Intake.answer` does. */
  answer(entry: Entry, request: AnswerRequest): Promise<Decision<AnswerResult>>;
  /** Posts a message that belongs to no run to the channel of alerts; does nothing where there is none. Never throws. */
  notice(entry: Entry, text: string): Promise<void>;
  /** Remembers a request that changes nothing by itself. False: some process has seen it before. */
  isFirst(entry: Entry): Promise<boolean>;
  /** Counts one request of a member; throws `too_many` where there were too many within the last minute. */
  admit(caller: Caller): void;
  /**
   * Stores an alert group and starts its runs. `notes`: what of it was changed or left out, shown in its thread. Throws
   * `store_unavailable` when it was not stored, or not all of it: what is sent again is known.
   */
  receiveAlerts(entry: Entry, notification: Notification, notes?: readonly string[]): Promise<AlertsReceived>;
  /** Notes down what was changed; how much of it is new. Throws `bad_change` (a system that there is not) and `store_unavailable`. */
  noteChanges(changes: readonly Change[]): Promise<number>;
}

/** What became of a notification. */
export interface AlertsReceived {
  /** Names of heartbeats of the alerting in it; nothing is stored of them. */
  readonly heartbeats: readonly string[];
  readonly incidents: readonly Awaited<ReturnType<Intake["receiveAlerts"]>>[];
}

/** See Door. Does no I/O by itself. */
export function createDoor(deps: DoorDeps): Door {
  const { catalog, commands, intake, logger, metrics, redact = (text) => text } = deps;
  const buckets = createBuckets(catalog.limits.commandsPerMinute);
  const admit = ({ via, slack }: Caller): void => {
    if (via !== "slack" || slack === undefined || buckets.take(`${slack.team}|${slack.user}`)) return;
    throw new DiagError(
      "too_many",
      `that is more than ${catalog.limits.commandsPerMinute} requests a minute`,
      {
        hint: "wait a moment",
      },
    );
  };
  return {
    admit,
    plan: (text, caller) => {
      try {
        return parse(commands, text, caller, knownOf(catalog));
      } catch (thrown) {
        throw redactError(thrown, redact);
      }
    },
    receive: async (entry, intent, caller, where) => {
      const began = performance.now();
      const work = async (): Promise<Reply> => {
        admit(caller);
        return carryOut(deps, { entry, intent, caller, where });
      };
      const reply = await work().catch((thrown: unknown) => refuse(thrown, logger, intent));
      const outcome = reply.error?.code ?? intent.do;
      metrics?.received(entry.source, outcome, (performance.now() - began) / 1000);
      return redactDeep(reply, redact);
    },
    vote: (entry, request) => decided(deps, entry, request.decision, () => castVote(deps, entry, request)),
    answer: (entry, request) => decided(deps, entry, "answer", () => giveAnswer(deps, entry, request)),
    notice: async (entry, text) => {
      if (catalog.channel === undefined) return;
      await intake
        .notice(entry, catalog.channel, redact(text))
        .catch((error: unknown) => logger.warn({ err: error }, "the notice was not stored"));
    },
    isFirst: (entry) => intake.isFirst(entry),
    receiveAlerts: async (entry, notification, notes = []) => {
      const { heartbeats, groups } = splitGroups(catalog.routes, notification);
      const incidents: AlertsReceived["incidents"][number][] = [];
      for (const group of groups) {
        const request = routeAlerts(catalog, group);
        incidents.push(
          await intake.receiveAlerts(entry, notes.length === 0 ? request : { ...request, notes }),
        );
      }
      return { heartbeats, incidents };
    },
    noteChanges: (changes) => noteChanges(deps, changes),
  };
}

/** Counts what became of a decision, and how long it took; a refusal says no secret that was typed. */
async function decided<T>(
  { metrics, redact = (text) => text }: DoorDeps,
  { source }: Entry,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const done = (outcome: string) => metrics?.received(source, outcome, (performance.now() - began) / 1000);
  try {
    const result = await work();
    done(what);
    return result;
  } catch (thrown) {
    done(toDiagError(thrown).code);
    throw redactError(thrown, redact);
  }
}

/** What changes nothing cannot be "not accepted" either. */
const LOOKS: ReadonlySet<string> = new Set(
  "help list status history changes pending storm auto freezes".split(" "),
);

function refuse(thrown: unknown, logger: Logger, intent: Intent): Reply {
  if (thrown instanceof DiagError) return errorReply(thrown, LOOKS.has(intent.do) ? "look" : "change");
  logger.error({ err: thrown, intent: intent.do }, "a request failed because of a bug");
  return errorReply(
    new DiagError("bug", "diagbot failed to handle this; it has been logged", { cause: thrown }),
  );
}

interface Asked {
  readonly entry: Entry;
  readonly intent: Intent;
  readonly caller: Caller;
  readonly where: Where;
}

function carryOut(deps: DoorDeps, asked: Asked): Promise<Reply> {
  const { intent } = asked;
  switch (intent.do) {
    case "run":
      return startRun(deps, asked, intent).then((reply) => sayQueue(reply, deps.queueTakes, RUN_WAITS));
    case "cancel":
      return cancelRun(deps, asked, intent);
    case "guide":
      return askGuide(deps, asked, intent.words).then((reply) =>
        reply.run === undefined ? reply : sayQueue(reply, deps.queueTakes, RUN_WAITS),
      );
    case "ack":
      return acknowledge(deps, asked, intent);
    case "checklist":
      return openChecklist(deps, asked, intent);
    case "tick":
      return tickItem(deps, asked, intent);
    case "postmortem":
      return showPostmortem(deps, asked, intent);
    case "close":
      return closeIncident(deps, asked, intent);
    case "open":
      return openThread(deps, asked, intent.incident);
    case "freeze":
      return freeze(deps, asked, intent);
    case "unfreeze":
      return unfreeze(deps, asked, intent);
    case "set-auto":
      return setAuto(deps, asked, intent);
    case "stop-auto":
      return stopAuto(deps, asked, intent);
    default:
      return answer(deps, asked.caller, intent);
  }
}

async function answer(
  { catalog, commands, reader }: DoorDeps,
  caller: Caller,
  intent: Intent,
): Promise<Reply> {
  switch (intent.do) {
    case "help":
      return showHelp(catalog, commands, intent.topic);
    case "list":
      return showList(catalog, intent.system);
    case "status":
      return showStatus({ catalog, reader }, caller, intent.run);
    case "history":
      return showHistory({ catalog, reader }, caller, intent.system);
    case "changes":
      return showChanges({ catalog, reader }, caller, intent.system);
    case "pending":
      return showPending({ catalog, reader }, caller, intent.system);
    case "freezes":
      return showFreezes({ catalog, reader }, caller);
    case "auto":
      return showAuto({ catalog, reader }, caller, intent.system);
    case "storm":
      return showStorm({ catalog, reader }, caller, intent.words);
    default:
      throw new DiagError("usage", "the form exists in Slack only", {
        hint: "name a system and a runbook instead",
      });
  }
}

async function startRun(
  { catalog, commands, intake }: DoorDeps,
  { entry, caller, where }: Asked,
  intent: Extract<Intent, { do: "run" }>,
): Promise<Reply> {
  const system = catalog.systems.find(({ id }) => id === intent.system);
  const channel = where.channel ?? system?.channel ?? catalog.channel ?? "";
  const otherWords = commands.map(({ name }) => name).filter((name) => name !== "form" && name !== "run");
  const dryRun = where.dryRun === undefined ? {} : { dryRun: where.dryRun };
  if (system !== undefined) mustRead(catalog, caller, system.id);
  const request = checkRun(catalog, intent, { caller, channel, otherWords, ...dryRun });
  if (channel === "")
    throw new DiagError("bad_config", `${intent.system} has no Slack channel`, {
      hint: "set `slack.channel` in diagbot.yaml",
    });
  const stored = await intake.submitRun(entry, request);
  const title = stored.repeated
    ? `Run #${stored.run} was accepted already`
    : `Run #${stored.run}: ${request.title} on ${request.system}`;
  const reply = say(
    title,
    ...(stored.repeated ? [] : [`Queued as run ${stored.run}. Progress and findings come in its thread.`]),
  );
  return { ...reply, run: stored.run, thread: stored.thread, channel };
}
