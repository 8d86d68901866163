import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { SlackError } from "../errors.ts";
import { content, LONGEST_TEXT, post, refuseStranger, said } from "../post.ts";
import { APP, SLACKBOT } from "../state/identity.ts";
import type { LocalMessage } from "../types.ts";
import { wireMessage } from "../wire.ts";
import { type Answer, flag, type Method, maybe, method, word } from "./method.ts";

type Chat = WebClient["chat"];

const metadata = z.object({
  event_type: word,
  event_payload: z.record(z.string(), z.unknown()).transform((payload) => payload as Record<string, string>),
});

const metadataOf = (given: unknown) => {
  if (given === undefined) return {};
  const parsed = metadata.safeParse(given);
  if (!parsed.success) throw new SlackError("invalid_metadata_format");
  return { metadata: parsed.data };
};

const truncated = (text: string | undefined) =>
  text !== undefined && text.length > LONGEST_TEXT
    ? {
        response_metadata: {
          warnings: ["message_truncated"],
          messages: ["[WARN] Your message was truncated but still posted."],
        },
      }
    : {};

const postMessage = method(
  "chat.postMessage",
  "chat:write",
  z.object({
    ...content,
    channel: word,
    thread_ts: maybe,
    reply_broadcast: flag,
    metadata: z.unknown().optional(),
  }),
  ({ channel, thread_ts, reply_broadcast, metadata: given, ...rest }, backstage) => {
    const where = backstage.workspace.directory.channel(channel);
    refuseStranger(backstage, where);
    const message = post(backstage, where, said(rest), {
      ...metadataOf(given),
      ...(thread_ts === undefined ? {} : { thread_ts }),
      ...(reply_broadcast === undefined ? {} : { reply_broadcast }),
    });
    return {
      channel: message.channel,
      ts: message.ts,
      message: wireMessage(backstage.workspace, message, { metadata: true }) as object,
      ...truncated(rest.text),
    } satisfies Answer<Chat["postMessage"]>;
  },
);

const postEphemeral = method(
  "chat.postEphemeral",
  "chat:write",
  z.object({ ...content, channel: word, user: word, thread_ts: maybe }),
  ({ channel, user, thread_ts, ...rest }, backstage) => {
    const where = backstage.workspace.directory.channel(channel);
    const person = backstage.workspace.directory.person(user);
    refuseStranger(backstage, where);
    if (!backstage.workspace.directory.isMember(where, person.id))
      throw new SlackError("user_not_in_channel");
    const message = post(backstage, where, said(rest), {
      ephemeralFor: person.id,
      ...(thread_ts === undefined ? {} : { thread_ts }),
    });
    return { message_ts: message.ts } satisfies Answer<Chat["postEphemeral"]>;
  },
);

/** The app's own message. Throws `message_not_found`, `refusal`, or why the app cannot write there. */
const own = ({ workspace }: Backstage, channel: string, ts: string, refusal: string): LocalMessage => {
  const where = workspace.directory.channel(channel);
  refuseStranger({ workspace }, where);
  const message = workspace.messages.public(where.id, ts);
  if (message.user !== APP.userId) throw new SlackError(refusal);
  return message;
};

// chat.update with a text and no blocks takes the blocks away; with blocks and no text it keeps the old text.
const changed = (old: LocalMessage, given: z.output<z.ZodObject<typeof content>>): LocalMessage => {
  const { blocks: _, attachments: __, ...bare } = old;
  const unsaid = given.text === undefined && given.blocks === undefined && given.markdown_text === undefined;
  if (unsaid && given.attachments === undefined) throw new SlackError("no_text");
  const keepsText = given.text === undefined && given.markdown_text === undefined;
  return { ...bare, ...said(keepsText ? { ...given, text: old.text } : given) };
};

const update = method(
  "chat.update",
  "chat:write",
  z.object({ ...content, channel: word, ts: word, metadata: z.unknown().optional() }),
  ({ channel, ts, metadata: given, ...rest }, backstage) => {
    const { workspace, events } = backstage;
    const old = own(backstage, channel, ts, "cant_update_message");
    if ((rest.text?.length ?? 0) > 4000) throw new SlackError("msg_too_long");
    const edited = { user: APP.userId, ts: workspace.clock.timestamp() };
    const message = workspace.messages.put({ ...changed(old, rest), ...metadataOf(given), edited });
    void events.changed(message, old);
    return {
      channel: message.channel,
      ts: message.ts,
      text: message.text,
      message: wireMessage(workspace, message) as object,
    } satisfies Answer<Chat["update"]>;
  },
);

const remove = method(
  "chat.delete",
  "chat:write",
  z.object({ channel: word, ts: word }),
  ({ channel, ts }, backstage) => {
    const { workspace, events } = backstage;
    const old = own(backstage, channel, ts, "cant_delete_message");
    const hasReplies = workspace.messages.replies(old.channel, old.ts).length > 0;
    if (hasReplies) {
      workspace.messages.put({
        ts: old.ts,
        channel: old.channel,
        user: SLACKBOT,
        subtype: "tombstone",
        text: "This message was deleted.",
      });
    } else workspace.messages.remove(old.channel, old.ts);
    void events.removed(old);
    return { channel: old.channel, ts: old.ts } satisfies Answer<Chat["delete"]>;
  },
);

const getPermalink = method(
  "chat.getPermalink",
  undefined,
  z.object({ channel: word, message_ts: word }),
  ({ channel, message_ts }, { workspace, url }) => {
    const message = workspace.messages.public(workspace.directory.channel(channel).id, message_ts);
    const permalink = `${url()}/archives/${message.channel}/p${message.ts.replace(".", "")}`;
    return { channel: message.channel, permalink } satisfies Answer<Chat["getPermalink"]>;
  },
);

/** The `chat.*` methods. */
export const chat: readonly Method[] = [postMessage, postEphemeral, update, remove, getPermalink];
