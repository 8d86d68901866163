import type { ShownMessage } from "../../core/ports/message-store.ts";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { canonical } from "../../core/words/json.ts";
import { sha256 } from "../../lib/sha256.ts";
import type { WantedMessage } from "../wanted.ts";

/** What has to be done in Slack for one slot. `find`: a post may be there already, look first. */
export type Operation =
  | { readonly do: "post"; readonly wanted: WantedMessage; readonly shown?: ShownMessage }
  | { readonly do: "find" | "update"; readonly wanted: WantedMessage; readonly shown: ShownMessage };

/** What a slot shows, as one short word. Same content, same digest. */
export const digestOf = ({ text, blocks, file }: WantedMessage): string =>
  sha256(canonical(file === undefined ? { text, blocks } : { file })).slice(0, 32);

/** What memory adds to the rows. */
export interface Doubts {
  /** Looked for often enough: it did not arrive. */
  isAbsent(shown: ShownMessage): boolean;
  /** It was there and a person deleted it: to be posted once more. */
  isDeleted(slot: string): boolean;
  /** Slack refused this content even in plain words: it may stay as it is for long. */
  isRefused(slot: string, digest: string): boolean;
}

/**
 * The operations that turn what is shown into what is wanted. The root comes first and alone: without it there is no
 * thread. Updates: urgent ones first, progress last. What closes something comes when everything else says how it ended.
 */
export function difference(
  wanted: readonly WantedMessage[],
  shown: ReadonlyMap<string, ShownMessage>,
  doubts: Doubts,
): Operation[] {
  const each = wanted.flatMap((message) => operationFor(message, shown.get(message.slot), doubts));
  const all = isSaid(each, doubts) ? each : each.filter((operation) => operation.wanted.closing !== true);
  const root = shown.get(HEAD_SLOT);
  const hasRoot = root?.state === "sent" && root.ts !== undefined && !doubts.isDeleted(HEAD_SLOT);
  const possible = hasRoot
    ? all
    : all.filter(({ do: what, wanted: { slot } }) => what === "update" || slot === HEAD_SLOT);
  const updates = possible.filter((operation) => operation.do === "update");
  const rank = ({ wanted: { urgent, live } }: Operation) => (urgent ? 0 : live === true ? 2 : 1);
  return [
    ...possible.filter(({ do: what }) => what !== "update"),
    ...updates.sort((a, b) => rank(a) - rank(b)),
  ];
}

/** Every message but the closing ones is as it should be, or will not be for long. A file adds to what is said already. */
const isSaid = (operations: readonly Operation[], doubts: Doubts): boolean =>
  operations.every(
    ({ wanted }) =>
      wanted.closing === true || wanted.kind === "file" || doubts.isRefused(wanted.slot, digestOf(wanted)),
  );

/** Something of it is over and not said yet: what shows how it ended is no progress that may lag behind. */
export const isClosing = (
  wanted: readonly WantedMessage[],
  shown: ReadonlyMap<string, ShownMessage>,
): boolean => wanted.some(({ closing, slot }) => closing === true && shown.get(slot) === undefined);

function operationFor(wanted: WantedMessage, shown: ShownMessage | undefined, doubts: Doubts): Operation[] {
  if (shown === undefined) return [{ do: "post", wanted }];
  if (shown.state === "gone") return [];
  if (shown.state === "sending")
    return doubts.isAbsent(shown) ? [{ do: "post", wanted, shown }] : [{ do: "find", wanted, shown }];
  if (doubts.isDeleted(wanted.slot)) return [{ do: "post", wanted, shown }];
  // A file cannot be changed, and the evidence it shows does not.
  if (wanted.kind === "file" || shown.digest === digestOf(wanted)) return [];
  return [{ do: "update", wanted, shown }];
}
