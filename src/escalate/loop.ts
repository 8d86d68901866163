import type { Delivery, EscalationStore, Unanswered } from "../core/ports/escalation-store.ts";
import type { Reader } from "../core/ports/reader.ts";
import { type Escalations, levelsOf, type NextLevel, nextLevel, remindMs } from "../core/rules/escalation.ts";
import { toDiagError } from "../core/words/errors.ts";
import { hearsEnds, isKeyed, type Webhook } from "../core/words/webhook.ts";
import { waitFor } from "../lib/wait.ts";
import type { Logger } from "../telemetry/logger.ts";
import { newsOf } from "./news.ts";
import { TELL_MS, tell } from "./tell.ts";

/** What people see of a thread in Slack. */
export interface Replies {
  /** Who wrote in the thread since; undefined: nobody, or Slack does not say. */
  since(root: { readonly channel: string; readonly ts: string }, since: Date): Promise<string | undefined>;
  /** Its address on the web; undefined: not known. */
  link(root: { readonly channel: string; readonly ts: string }): Promise<string | undefined>;
}

export interface EscalatorDeps {
  readonly store: EscalationStore;
  readonly reader: Pick<Reader, "thread" | "root">;
  readonly escalations: Escalations;
  /** `webhooks:` of diagbot.yaml. */
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** Absent: without Slack nobody can reply. */
  readonly replies?: Replies;
  /** Whether this process takes the steps; one of all does. Rejects where nobody can say. */
  readonly lead: () => Promise<boolean>;
  readonly resign: () => Promise<void>;
  /** Takes secrets out of text. */
  readonly redact: (text: string) => string;
  readonly logger: Logger;
  /** Tests only. */
  readonly everyMs?: number;
  readonly tellMs?: number;
}

const EVERY_MS = 2_000;
const PAGE = 500;
const MOST_ATTEMPTS = 6;
/** Longer than the longest call, so that nobody else takes an delivery that is being made. */
const LEASE_MS = 4 * TELL_MS;

/**
 * Takes the steps of incidents that nobody answers, and tells whoever they name. Every step is a row, so that several
 * processes, a crash or a restart never take one twice; see docs/escalation.md for what is sent again and what is not.
 */
export function createEscalator(deps: EscalatorDeps): { start(): void; stop(): Promise<void> } {
  const stopping = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  return {
    start: () => {
      loop = run(deps, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await deps.resign().catch(() => {});
    },
  };
}

async function run(deps: EscalatorDeps, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    if (await deps.lead().catch(() => false))
      await escalateOnce(deps, stop).catch((error: unknown) =>
        deps.logger.warn(
          { code: toDiagError(error, "store_unavailable").code },
          "not escalated; tried again",
        ),
      );
    await waitFor(deps.everyMs ?? EVERY_MS, stop);
  }
}

/** One look at everything. Exported for tests. */
export async function escalateOnce(deps: EscalatorDeps, stop: AbortSignal): Promise<void> {
  for (let after = 0; !stop.aborted; ) {
    const page = await deps.store.unanswered(after, PAGE);
    for (const one of page) if (!stop.aborted) await takeStep(deps, one);
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = last.incident;
  }
  await deps.store.tellEnds(
    Object.entries(deps.webhooks).flatMap(([name, webhook]) => (hearsEnds(webhook) ? [name] : [])),
  );
  while (!stop.aborted) {
    const delivery = await deps.store.claimDelivery(LEASE_MS);
    if (delivery === undefined) return;
    await make(deps, delivery);
  }
}

const dueOf = ({ escalations }: EscalatorDeps, one: Unanswered): NextLevel | undefined => {
  const levels = levelsOf(escalations, one);
  const next = levels && nextLevel(levels, one.facts);
  return next !== undefined && next.at <= one.now ? next : undefined;
};

async function takeStep(deps: EscalatorDeps, one: Unanswered): Promise<void> {
  const { store, webhooks, replies } = deps;
  const { incident, facts, root } = one;
  await remindOf(deps, one);
  const harm = dueOf(deps, one);
  if (facts.answered?.how === "command" && harm?.because !== "damage") {
    // A request elsewhere changes no row of this thread: it is drawn again only now.
    const isDue = dueOf(deps, { ...one, facts: withoutAnswer(facts) });
    if (isDue !== undefined)
      await store.noteAnswer(incident, facts.turn, { how: "command", by: facts.answered.by });
    return;
  }
  const next = harm;
  if (next === undefined) return;
  const since = facts.damage?.find(({ kind }) => kind === next.damage)?.since ?? facts.since;
  const by = root === undefined ? undefined : await replies?.since(root, since).catch(() => undefined);
  if (by !== undefined) return store.noteAnswer(incident, facts.turn, { how: "reply", by });
  const { level, target, because, damage } = next;
  const webhook = target.webhook === undefined ? undefined : webhooks[target.webhook];
  const told = webhook === undefined ? {} : { webhook: { keyed: isKeyed(webhook) } };
  await store.raise({
    incident,
    turn: facts.turn,
    level,
    target,
    because,
    ...told,
    ...(damage === undefined ? {} : { damage }),
  });
}

/** Tickets of an incident that is not over, as often as `remind` says. */
async function remindOf({ store, escalations }: EscalatorDeps, one: Unanswered): Promise<void> {
  const every = remindMs(escalations, one.system);
  if (every === undefined) return;
  for (const { turn, level, ticket, at, remindedAt } of one.facts.levels)
    if (
      ticket !== undefined &&
      turn === one.facts.turn &&
      (remindedAt ?? at).getTime() + every <= one.now.getTime()
    )
      await store.remind(one.incident, turn, level, every);
}

const withoutAnswer = ({ answered: _, ...facts }: Unanswered["facts"]) => facts;

async function make(deps: EscalatorDeps, delivery: Delivery): Promise<void> {
  const { store, reader, webhooks, replies, redact } = deps;
  const webhook = webhooks[delivery.webhook];
  const view = await reader.thread(delivery.thread);
  if (webhook === undefined || view?.incident === undefined)
    return store.settle(
      delivery,
      { state: "failed", said: "diagbot.yaml names no such webhook any more" },
      0,
    );
  const root = await reader.root(delivery.thread);
  const link = root === undefined ? undefined : await replies?.link(root).catch(() => undefined);
  const { event, turn, ticket } = delivery;
  const recordAt = webhook.kind === "ticket" && event === "trigger" ? new Date() : undefined;
  const news = newsOf({
    incident: view.incident,
    runs: view.runs,
    event,
    turn,
    link,
    redact,
    ticket,
    recordAt,
  });
  const told = await tell(webhook, news, deps.tellMs ?? TELL_MS);
  await store.settle(delivery, { ...told, said: redact(told.said) }, MOST_ATTEMPTS);
}
