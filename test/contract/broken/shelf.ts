import { connect } from "node:net";
import { z } from "zod";
import { withinBytes } from "../../../src/connectors/byte-budget.ts";
import {
  type ActionContext,
  actionsIn,
  actionsOn,
  type WriteContext,
} from "../../../src/core/words/action.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { asks } from "../../../src/core/words/health.ts";
import { connectionKind } from "../../../src/core/words/kind.ts";
import { inTime } from "../../../src/lib/deadline.ts";
import { storable } from "../../../src/lib/storable.ts";
import type { Defect } from "./defects.ts";

/** The target: labels on a shelf in this process's memory, and what waits there. */
export interface Shelf {
  labels: string[];
  limit: number;
  /** Called when somebody asks a shelf that never answers. */
  asked: () => void;
}

/** A shelf that is not there, one that never answers, and one that refuses. */
export const PLACES = ["here", "nowhere", "silent", "locked"] as const;

/** `port`: where more labels come from, over the network. */
const settings = z.strictObject({ place: z.enum(PLACES), password: z.string(), port: z.int().optional() });
type Settings = z.output<typeof settings>;

interface Client extends Settings {
  readonly shelf: Shelf;
  readonly closing: AbortController;
}

const MOST = 100;
const Witness = z.object({ limit: z.int() });

/** A kind of connection that keeps the contract, but for one defect. */
export function shelfKind(shelf: Shelf, defect: Defect) {
  const has = (one: Defect): boolean => one === defect;
  const { read, write } = actionsOn<Client>("shelf");

  const missing = (password: string): Error => {
    if (has("an error that is none of ours")) return new Error("connect ECONNREFUSED 127.0.0.1:1");
    const code = has("another code than the one of what is wrong") ? "target_error" : "target_unreachable";
    return new DiagError(code, has("the secret in an error") ? `no shelf for ${password}` : "no shelf there");
  };

  const reach = async ({ place, password }: Client, context: ActionContext): Promise<void> => {
    if (has("the secret on the console")) process.stderr.write(`login ${password}\n`);
    if (place === "nowhere") throw missing(password);
    if (place === "locked") throw new DiagError("target_auth", "the password was refused");
    if (place === "silent") await silence(shelf, context, has);
  };

  const labelsNow = (): string[] => {
    if (has("a flood that is kept")) return shelf.labels;
    const labels = shelf.labels.slice(0, MOST).map((label) => storable(label).slice(0, 200));
    if (has("names cut off")) return labels.map((label) => label.slice(0, 5));
    return has("names it breaks at") ? labels.map((label) => label.split("\n").at(-1) ?? "") : labels;
  };

  const input = has("an input that takes anything") ? z.any() : z.strictObject({});
  const labels = read({
    name: "shelf.labels",
    title: "Labels on the shelf",
    input,
    output: z.object({ labels: z.array(z.string()), more: z.string() }),
    run: async (client, _input, context) => {
      await reach(client, context);
      await more(client, has);
      const secret = has("the secret in an output") ? client.password : "";
      const isLong = has("an answer of 400 KiB") && shelf.labels[0] === "one";
      return { labels: labelsNow(), more: isLong ? "x".repeat(400 * 1024) : secret };
    },
  });

  const setLimit = write({
    name: "shelf.set-limit",
    title: "Another limit",
    class: "cas",
    risk: "low",
    input: z.strictObject({ limit: z.int(), from: z.int().optional() }),
    output: z.object({ was: z.int() }),
    target: () => "limit",
    preview: async (_client, { limit }) => {
      if (has("a preview that does it")) shelf.limit = limit;
      const witness = has("another witness at each look")
        ? { limit: shelf.limit, at: looks++ }
        : { limit: shelf.limit };
      return {
        changes: has("a preview without changes") ? [] : [`limit ${shelf.limit} → ${limit}`],
        witness,
      };
    },
    run: async (_client, { limit, from }, context: WriteContext) => {
      const isLate = context.remainingMs() <= 0 && !has("sent when the time is over");
      // Approved on what the preview has seen; an undo says in its input what it takes back.
      const then = from ?? Witness.parse(context.witness).limit;
      const isGone = shelf.limit !== then && !has("no look at its condition");
      if (isLate || isGone)
        throw new DiagError("target_refused", isLate ? "no time is left" : `it is ${shelf.limit} now`);
      const was = shelf.limit;
      shelf.limit = limit;
      return { was };
    },
    probe: async (_client, { limit }) => ({
      verdict: shelf.limit === limit || has("a probe that always says done") ? "done" : "not-done",
      evidence: `the limit is ${shelf.limit}`,
    }),
    undo: has("no undo, and no word why")
      ? "none: "
      : ({ limit }, _witness, { was }) => ({
          action: "shelf.set-limit",
          input: { limit: has("an undo that leaves something") ? was + 1 : was, from: limit },
        }),
  });

  const connector: Connector<Client, Settings> = {
    actions: [
      ...actionsIn({ labels, setLimit }),
      ...(has("two actions of one name") ? actionsIn({ labels }) : []),
    ],
    open: ({ settings: given }) => ({ ...given, shelf, closing: new AbortController() }),
    check: async ({ password }) => [
      {
        name: "reach",
        state: "ok",
        detail: has("the secret in what doctor shows") ? password : "it is there",
      },
    ],
    close: async ({ closing }) => closing.abort(),
  };
  const asked = has("a health question of no action") ? { ...labels(), action: "shelf.nothing" } : labels();
  const kind = connectionKind({
    name: "shelf",
    settings,
    secrets: ({ password }) => [password],
    health: [asks(asked, () => "it is there")],
    connector,
  });
  return has("settings that take anything") ? { ...kind, settings: kind.settings.loose() } : kind;
}

/** Labels that come over the network, as many as there are: up to a limit of bytes. */
async function more({ port, closing }: Client, has: (one: Defect) => boolean): Promise<void> {
  if (port === undefined) return;
  const socket = connect({ port, host: "127.0.0.1", signal: closing.signal }).on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  const isLate = has("a deadline in place of a limit of bytes");
  if (isLate) socket.once("data", () => socket.pause());
  const mebibytes = has("a limit of 64 MiB") ? 64 : has("no limit of bytes") ? Number.POSITIVE_INFINITY : 1;
  await withinBytes(socket, { bytes: mebibytes * 1024 ** 2, of: "the shelf" }, () =>
    inTime(closed, { ms: isLate ? 10 : undefined }),
  ).finally(() => socket.destroy());
  throw new DiagError("timeout", "there were more labels");
}

/** Looks that were made: what must not stand in a witness. */
let looks = 0;

/** Waits for what never comes: until the deadline, or until it is stopped. */
async function silence(shelf: Shelf, { signal, timeoutMs }: ActionContext, has: (one: Defect) => boolean) {
  shelf.asked();
  const stopped = has("no end when it is stopped") ? undefined : signal;
  const ms = has("no end at the deadline") ? undefined : timeoutMs;
  const isLate = () => signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  await inTime(new Promise<never>(() => {}), { ms, signal: stopped });
  if (has("no end at the deadline") && isLate()) await new Promise<never>(() => {});
  throw signal.aborted && !isLate()
    ? new DiagError("aborted", "it was stopped")
    : new DiagError("timeout", "no answer in time");
}
