import type { KnownBlock } from "@slack/types";
import { LogLevel, type WebClient } from "@slack/web-api";
import type { ChannelFacts } from "../../core/words/channel.ts";
import { webClient } from "../../slack/client.ts";
import type { WantedFile } from "../wanted.ts";
import { classify, type Failure } from "./classify.ts";

export const EVENT_TYPE = "diagbot_message";

export type CallResult<T> = { readonly kind: "ok"; readonly value: T } | Failure;

export type CallResultKind = CallResult<unknown>["kind"];

export interface Content {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** Shown in the channel as well as in the thread. */
  readonly broadcast?: boolean;
}

export interface Place {
  readonly channel: string;
  /** Root of the thread; absent: the message is the root. */
  readonly root?: string | undefined;
}

/** A message of a channel or thread as far as the sender looks at it. */
export interface SeenMessage {
  readonly ts: string;
  readonly botId: string | undefined;
  readonly user: string | undefined;
  readonly key: string | undefined;
  readonly digest: string | undefined;
  readonly files: readonly { readonly id: string; readonly name: string }[];
}

export interface SlackOptions {
  readonly token: string;
  /** Default: Slack's own. */
  readonly apiUrl?: string | undefined;
}

/** Hears how every call ended. */
export type OnCall = (method: string, answer: CallResult<unknown>) => void;

/** The calls the sender makes; none throws, none retries, none waits longer than the time limit. */
export class SlackCalls {
  private readonly client: WebClient;
  private readonly onCall: OnCall;

  constructor(options: SlackOptions, timeoutMs: number, onCall: OnCall) {
    this.onCall = onCall;
    this.client = webClient({ ...options, timeoutMs, logger: QUIET });
  }

  post(
    place: Place,
    { text, blocks, broadcast = false }: Content,
    key: string,
    digest: string,
  ): Promise<CallResult<string>> {
    return this.call("chat.postMessage", async () => {
      const answer = await this.client.chat.postMessage({
        channel: place.channel,
        text,
        blocks: [...blocks],
        ...(place.root === undefined ? {} : inThread(place.root, broadcast)),
        metadata: { event_type: EVENT_TYPE, event_payload: { k: key, d: digest } },
        unfurl_links: false,
        unfurl_media: false,
      });
      return required(answer.ts);
    });
  }

  update(
    channel: string,
    ts: string,
    { text, blocks }: Content,
    key: string,
    digest: string,
  ): Promise<CallResult<string>> {
    return this.call("chat.update", async () => {
      const metadata = { event_type: EVENT_TYPE, event_payload: { k: key, d: digest } };
      await this.client.chat.update({ channel, ts, text, blocks: [...blocks], metadata });
      return ts;
    });
  }

  /** Resolves to the file's id. */
  upload(
    { channel, root }: Place,
    { name, title, altText }: WantedFile,
    file: Buffer,
  ): Promise<CallResult<string>> {
    return this.call("files.uploadV2", async () => {
      const what = { channel_id: channel, file, filename: name, title, alt_text: altText };
      const answer = await this.client.filesUploadV2(
        root === undefined ? what : { ...what, thread_ts: root },
      );
      return required(answer.files[0]?.files?.[0]?.id);
    });
  }

  /** Our own ids: only a message of ours counts as found. */
  identity(): Promise<CallResult<Record<"botId" | "user" | "url", string | undefined>>> {
    return this.call("auth.test", async () => {
      const { bot_id, user_id, url } = await this.client.auth.test();
      return { botId: bot_id, user: user_id, url };
    });
  }

  channel(channel: string): Promise<CallResult<ChannelFacts>> {
    return this.call(
      "conversations.info",
      async () => (await this.client.conversations.info({ channel })).channel ?? {},
    );
  }

  /** May the account decide anything? Not guests, bots, people of other workspaces, and accounts that are switched off. */
  canDecide(user: string): Promise<CallResult<boolean>> {
    return this.call("users.info", async () => {
      const info = await this.client.users.info({ user }).catch((error: unknown) => {
        if (isUnknownUser(error)) return undefined;
        throw error;
      });
      if (info === undefined) return false;
      const { deleted, is_restricted, is_ultra_restricted, is_bot, is_stranger } = info.user ?? {};
      return ![deleted, is_restricted, is_ultra_restricted, is_bot, is_stranger].includes(true);
    });
  }

  /** One page of a channel (newest first) or of a thread (oldest first), from `oldest` (unix seconds) on. */
  read({ channel, root }: Place, oldest: string, cursor: string | undefined): Promise<CallResult<Page>> {
    const common = {
      channel,
      oldest,
      limit: 200,
      include_all_metadata: true,
      ...(cursor === undefined ? {} : { cursor }),
    };
    return this.call(readMethod(root), async () => {
      const page =
        root === undefined
          ? await this.client.conversations.history(common)
          : await this.client.conversations.replies({ ...common, ts: root });
      return {
        messages: (page.messages ?? []).map(toSeen),
        next: page.response_metadata?.next_cursor || undefined,
      };
    });
  }

  private async call<T>(method: string, work: () => Promise<T>): Promise<CallResult<T>> {
    let answer: CallResult<T>;
    try {
      answer = { kind: "ok", value: await work() };
    } catch (error) {
      answer = classify(error, method);
    }
    this.onCall(method, answer);
    return answer;
  }
}

export interface Page {
  readonly messages: readonly SeenMessage[];
  readonly next: string | undefined;
}

const inThread = (root: string, broadcast: boolean) =>
  broadcast ? { thread_ts: root, reply_broadcast: true as const } : { thread_ts: root };

export const readMethod = (root: string | undefined): string =>
  root === undefined ? "conversations.history" : "conversations.replies";

function required(value: string | undefined): string {
  if (value === undefined) throw new Error("Slack's answer names no message");
  return value;
}

const isUnknownUser = (error: unknown): boolean =>
  (error as { data?: { error?: unknown } } | undefined)?.data?.error === "user_not_found";

interface RawMessage {
  readonly ts?: string;
  readonly bot_id?: string;
  readonly user?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: object };
  readonly files?: readonly { readonly id?: string; readonly name?: string | null }[];
}

function toSeen({ ts, bot_id, user, metadata, files }: RawMessage): SeenMessage {
  const payload = metadata?.event_type === EVENT_TYPE ? (metadata.event_payload ?? {}) : {};
  const { k, d } = payload as { k?: unknown; d?: unknown };
  return {
    ts: ts ?? "",
    botId: bot_id,
    user,
    key: typeof k === "string" ? k : undefined,
    digest: typeof d === "string" ? d : undefined,
    files: (files ?? []).flatMap(({ id, name }) => (id === undefined ? [] : [{ id, name: name ?? "" }])),
  };
}

// The client's own lines would go to stdout, which belongs to `--json`; every outcome is logged by the sender.
const QUIET = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};
