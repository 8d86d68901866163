import { HEAD_SLOT } from "../../core/rules/slots.ts";
import type { ThreadView } from "../../core/words/view.ts";
import type { DrawOptions } from "../draw/options.ts";
import { drawThread } from "../draw/thread.ts";
import type { WantedMessage } from "../wanted.ts";
import type { SenderDeps } from "./deps.ts";
import { difference, isClosing, type Operation } from "./difference.ts";
import type { Lane, Rank } from "./gate.ts";
import type { NextStep } from "./order.ts";
import { doubtsOf, memoryOf, type Pass, type PendingThread } from "./pending-thread.ts";
import { perform } from "./perform.ts";
import { choosePlace, isWorthShowing } from "./place.ts";
import { asSecondRoot } from "./second-root.ts";
import { readMethod } from "./slack-calls.ts";

/** The scheduler's word: how many threads show progress, and whether somebody else's turn in a lane comes first. */
export interface Turn {
  readonly active: number;
  /** A person waits for this thread. */
  readonly isAnswer: boolean;
  mayGo(lane: Lane): boolean;
}

/**
 * Draws the thread and does as much of the difference as the budgets allow, then says when to come back (in `pending`).
 * True: everything is shown. Throws what the store throws; nothing is lost then.
 */
export async function advance(deps: SenderDeps, pending: PendingThread, turn: Turn): Promise<boolean> {
  pending.lookedAt = deps.ticks();
  const { rev } = pending;
  const view = await deps.reader.thread(pending.thread);
  if (view === undefined || view.folded || !isWorthShowing(view)) return finish(deps, pending, rev);
  const rows = await deps.messages.shown(pending.thread);
  const pass: Pass = { pending, view, shown: new Map(rows.map((row) => [row.slot, row])) };
  const wanted = await draw(deps, pass);
  if (wanted.length === 0) return finish(deps, pending, rev);
  pending.live = wanted.some((message) => message.live === true);
  return work(deps, pass, wanted, turn, rev);
}

const draw = async (deps: SenderDeps, { view, shown }: Pass): Promise<readonly WantedMessage[]> =>
  drawThread(view, { ...(await optionsFor(deps, view)), shown: (slot) => shown.get(slot)?.state });

async function optionsFor(deps: SenderDeps, view: ThreadView): Promise<DrawOptions> {
  const { again, contacts, elsewhere, levels, links } = deps;
  const options = {
    now: deps.now(),
    people: await deps.people(),
    redact: deps.redact,
    ...(again === undefined ? {} : { again }),
    ...(contacts === undefined ? {} : { contacts }),
    ...(elsewhere === undefined ? {} : { elsewhere }),
    ...(levels === undefined ? {} : { levels }),
    ...(links === undefined ? {} : { links }),
  };
  if (!hasLinks(view)) return options;
  const self = await deps.identity.get(deps.slack);
  const url = self.kind === "ok" ? self.value.url : undefined;
  return url === undefined ? options : { ...options, workspace: url };
}

async function work(
  deps: SenderDeps,
  pass: Pass,
  drawn: readonly WantedMessage[],
  turn: Turn,
  rev: number,
): Promise<boolean> {
  const { pending } = pass;
  let wanted = drawn;
  for (;;) {
    const messages = await asSecondRoot(deps, pass, wanted);
    const open = difference(messages, pass.shown, doubtsOf(pending, deps.budgets, new Date()));
    if (open.length === 0) return finish(deps, pending, rev);
    if ((await choosePlace(deps, pass)) === "stop") return false;
    const closes = isClosing(wanted, pass.shown);
    const waits = open.map((operation) => ({
      operation,
      ...waitOf(deps, pass, operation, { ...turn, closes }),
    }));
    const ready = firstOf(
      waits.filter(({ ms }) => ms === 0),
      pending,
    );
    if (ready === undefined) return comeBack(deps, pass, waits, { ...turn, closes });
    pending.sentAt.set(ready.operation.wanted.slot, deps.ticks());
    const verdict = await perform(deps, pass, ready.operation);
    if (verdict === "stop") return false;
    // A card waits for the file with all changes of its plan.
    if (ready.operation.wanted.kind === "file") wanted = await draw(deps, pass);
  }
}

/** Of several that show progress the one that was sent longest ago: what changes without end keeps none of the others waiting. */
function firstOf(ready: readonly Waiting[], { sentAt }: PendingThread): Waiting | undefined {
  const [first] = ready;
  if (first?.operation.do !== "update" || first.operation.wanted.live !== true) return first;
  const at = ({ operation }: Waiting) => sentAt.get(operation.wanted.slot) ?? -Infinity;
  return ready.reduce((oldest, one) => (at(one) < at(oldest) ? one : oldest), first);
}

async function finish(deps: SenderDeps, pending: PendingThread, rev: number): Promise<boolean> {
  await deps.messages.drawn(pending.thread, rev);
  return pending.rev === rev;
}

interface Waiting {
  readonly operation: Operation;
  readonly lane: Lane;
  readonly ms: number;
}

/** Somebody else's turn: as long as the lane is theirs. */
const AFTER_YOU_MS = 50;

interface Asked extends Turn {
  readonly closes: boolean;
}

function waitOf(
  deps: SenderDeps,
  { pending, view }: Pass,
  { do: what, wanted }: Operation,
  turn: Asked,
): Omit<Waiting, "operation"> {
  const { gate } = deps;
  const own = Math.max(0, Math.ceil(memoryOf(pending, wanted.slot).at - deps.ticks()));
  if (what === "find") {
    const root = wanted.slot === HEAD_SLOT ? undefined : "thread";
    return { lane: "read", ms: Math.max(own, gate.untilRead(readMethod(root))) };
  }
  const afterYou = (lane: Lane, ms: number) => ({
    lane,
    ms: ms === 0 && !turn.mayGo(lane) ? AFTER_YOU_MS : ms,
  });
  if (what === "update") {
    const rank = rankOf(wanted, turn);
    return afterYou(
      "update",
      Math.max(own, gate.untilUpdate(pending.thread, view.channel, rank, turn.active)),
    );
  }
  const method = wanted.kind === "file" ? "files.uploadV2" : "chat.postMessage";
  return afterYou(`post:${view.channel}`, Math.max(own, gate.untilPost(view.channel, method)));
}

/** The reserve is for what people decide on and for the answer they wait for; progress may lag, the last state may not. */
function rankOf({ urgent, live }: WantedMessage, { isAnswer, closes }: Asked): Rank {
  if (urgent) return "urgent";
  if (live === true && !closes) return "live";
  return isAnswer ? "urgent" : "normal";
}

function comeBack(deps: SenderDeps, pass: Pass, waits: readonly Waiting[], turn: Asked): false {
  const { pending } = pass;
  const next = waits.reduce((first, other) => (other.ms < first.ms ? other : first));
  pending.at = deps.ticks() + next.ms;
  pending.lane = next.lane;
  // Each message of a storm is the first that anybody sees of its groups.
  pending.step = pass.view.storm === undefined ? stepOf(waits) : "root";
  pending.remaining = () => waitOf(deps, pass, next.operation, { ...turn, mayGo: () => true }).ms;
  return false;
}

function stepOf(waits: readonly Waiting[]): NextStep {
  const isRoot = ({ operation }: Waiting) => operation.do === "post" && operation.wanted.slot === HEAD_SLOT;
  if (waits.every(isRoot)) return "root";
  return waits.some(({ operation }) => operation.wanted.urgent) ? "decision" : "more";
}

/** It links to messages of other threads. */
const hasLinks = ({ about, storm, runs }: ThreadView): boolean =>
  about !== undefined ||
  storm?.groups.some(({ own }) => own !== undefined) === true ||
  runs.some(({ remedies }) => remedies.some(({ sameAs }) => sameAs?.at !== undefined));
