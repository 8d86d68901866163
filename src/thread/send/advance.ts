import type { ThreadView } from "../../core/words/view.ts";
import type { DrawOptions } from "../draw/options.ts";
import { drawThread } from "../draw/thread.ts";
import type { WantedMessage } from "../wanted.ts";
import { difference, isClosing, type Operation } from "./difference.ts";
import { doubtsOf, type Errand, memoryOf, type Pass } from "./errand.ts";
import type { Lane, Rank } from "./gate.ts";
import type { NextStep } from "./order.ts";
import { perform } from "./perform.ts";
import { isWorthShowing, settlePlace } from "./place.ts";
import type { Room } from "./room.ts";
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
 * Draws the thread and does as much of the difference as the budgets allow, then says when to come back (in `errand`).
 * True: everything is shown. Throws what the store throws; nothing is lost then.
 */
export async function advance(room: Room, errand: Errand, turn: Turn): Promise<boolean> {
  errand.lookedAt = room.ticks();
  const { rev } = errand;
  const view = await room.reader.thread(errand.thread);
  if (view === undefined || !isWorthShowing(view)) return finish(room, errand, rev);
  const rows = await room.messages.shown(errand.thread);
  const pass: Pass = { errand, view, shown: new Map(rows.map((row) => [row.slot, row])) };
  const wanted = await draw(room, pass);
  if (wanted.length === 0) return finish(room, errand, rev);
  errand.live = wanted.some((message) => message.live === true);
  return work(room, pass, wanted, turn, rev);
}

const draw = async (room: Room, { view, shown }: Pass): Promise<readonly WantedMessage[]> =>
  drawThread(view, { ...(await optionsFor(room, view)), shown: (slot) => shown.get(slot)?.state });

async function optionsFor(room: Room, view: ThreadView): Promise<DrawOptions> {
  const { again } = room;
  const options = {
    now: room.now(),
    people: await room.people(),
    redact: room.redact,
    ...(again === undefined ? {} : { again }),
  };
  if (view.about === undefined) return options;
  const self = await room.identity.get(room.slack);
  const url = self.kind === "ok" ? self.value.url : undefined;
  return url === undefined ? options : { ...options, workspace: url };
}

async function work(
  room: Room,
  pass: Pass,
  drawn: readonly WantedMessage[],
  turn: Turn,
  rev: number,
): Promise<boolean> {
  const { errand } = pass;
  let wanted = drawn;
  for (;;) {
    const messages = await asSecondRoot(room, pass, wanted);
    const open = difference(messages, pass.shown, doubtsOf(errand, room.budgets, new Date()));
    if (open.length === 0) return finish(room, errand, rev);
    if ((await settlePlace(room, pass)) === "stop") return false;
    const closes = isClosing(wanted, pass.shown);
    const waits = open.map((operation) => ({
      operation,
      ...waitOf(room, pass, operation, { ...turn, closes }),
    }));
    const ready = waits.find(({ ms }) => ms === 0);
    if (ready === undefined) return comeBack(room, pass, waits, { ...turn, closes });
    const verdict = await perform(room, pass, ready.operation);
    if (verdict === "stop") return false;
    // A card waits for the file with all changes of its plan.
    if (ready.operation.wanted.kind === "file") wanted = await draw(room, pass);
  }
}

async function finish(room: Room, errand: Errand, rev: number): Promise<boolean> {
  await room.messages.drawn(errand.thread, rev);
  return errand.rev === rev;
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
  room: Room,
  { errand, view }: Pass,
  { do: what, wanted }: Operation,
  turn: Asked,
): Omit<Waiting, "operation"> {
  const { gate } = room;
  const own = Math.max(0, Math.ceil(memoryOf(errand, wanted.slot).at - room.ticks()));
  if (what === "find") {
    const root = wanted.slot === "head" ? undefined : "thread";
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
      Math.max(own, gate.untilUpdate(errand.thread, view.channel, rank, turn.active)),
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

function comeBack(room: Room, pass: Pass, waits: readonly Waiting[], turn: Asked): false {
  const { errand } = pass;
  const next = waits.reduce((first, other) => (other.ms < first.ms ? other : first));
  errand.at = room.ticks() + next.ms;
  errand.lane = next.lane;
  errand.step = stepOf(waits);
  errand.remaining = () => waitOf(room, pass, next.operation, { ...turn, mayGo: () => true }).ms;
  return false;
}

function stepOf(waits: readonly Waiting[]): NextStep {
  const isRoot = ({ operation }: Waiting) => operation.do === "post" && operation.wanted.slot === "head";
  if (waits.every(isRoot)) return "root";
  return waits.some(({ operation }) => operation.wanted.urgent) ? "decision" : "more";
}
