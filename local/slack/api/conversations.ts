import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { APP } from "../state/identity.ts";
import type { Workspace } from "../state/workspace.ts";
import type { LocalChannel, LocalMessage } from "../types.ts";
import { wireMessage } from "../wire.ts";
import { type Answer, count, flag, type Method, maybe, method, word } from "./method.ts";
import { paged, pagedBack } from "./paging.ts";

type Conversations = WebClient["conversations"];

const span = {
  channel: word,
  oldest: maybe,
  latest: maybe,
  inclusive: flag,
  limit: count,
  cursor: maybe,
  include_all_metadata: flag,
};
type Span = z.output<z.ZodObject<typeof span>>;

const within = ({ oldest, latest, inclusive }: Span) => {
  const from = Number(oldest ?? 0);
  const to = latest === undefined || latest === "now" ? Number.POSITIVE_INFINITY : Number(latest);
  return (message: LocalMessage) => {
    const at = Number(message.ts);
    return inclusive === true ? at >= from && at <= to : at > from && at < to;
  };
};

const readable = (workspace: Workspace, reference: string): LocalChannel => {
  const channel = workspace.directory.channel(reference);
  const open = channel.is_private !== true && channel.is_im !== true;
  if (!open && !workspace.directory.isMember(channel, APP.userId)) throw new SlackError("channel_not_found");
  if (!workspace.directory.isMember(channel, APP.userId)) throw new SlackError("not_in_channel");
  return channel;
};

const history = method("conversations.history", "channels:history", z.object(span), (args, { workspace }) => {
  const channel = readable(workspace, args.channel);
  const newestFirst = workspace.messages.channel(channel.id).filter(within(args)).reverse();
  const { items, ...page } = pagedBack(newestFirst, args.cursor, args.limit ?? 100);
  const metadata = args.include_all_metadata === true;
  return {
    messages: items.map((message) => wireMessage(workspace, message, { metadata }) as object),
    pin_count: 0,
    ...page,
  } satisfies Answer<Conversations["history"]>;
});

const replies = method(
  "conversations.replies",
  "channels:history",
  z.object({ ...span, ts: word }),
  (args, { workspace }) => {
    const channel = readable(workspace, args.channel);
    const root = workspace.messages.find(channel.id, args.ts);
    if (root === undefined || root.ephemeralFor !== undefined) throw new SlackError("thread_not_found");
    const thread = workspace.messages.replies(channel.id, root.ts).filter(within(args));
    const { items, ...page } = paged([root, ...thread], args.cursor, args.limit ?? 1000);
    const metadata = args.include_all_metadata === true;
    return {
      messages: items.map((message) => wireMessage(workspace, message, { metadata }) as object),
      ...page,
    } satisfies Answer<Conversations["replies"]>;
  },
);

const info = method(
  "conversations.info",
  "channels:read",
  z.object({ channel: word }),
  ({ channel }, { workspace }) => {
    const found = workspace.directory.channel(channel);
    if (found.is_private === true && !workspace.directory.isMember(found, APP.userId))
      throw new SlackError("channel_not_found");
    return { channel: workspace.directory.conversation(found) } satisfies Answer<Conversations["info"]>;
  },
);

const kindOf = (channel: LocalChannel): string => {
  if (channel.is_im === true) return "im";
  return channel.is_private === true ? "private_channel" : "public_channel";
};

const list = method(
  "conversations.list",
  "channels:read",
  z.object({ types: maybe, exclude_archived: flag, limit: count, cursor: maybe }),
  ({ types, exclude_archived, limit, cursor }, { workspace }) => {
    const wanted = (types ?? "public_channel").split(",").map((type) => type.trim());
    const shown = workspace.directory
      .channels()
      .filter(
        (channel) =>
          wanted.includes(kindOf(channel)) && !(exclude_archived === true && channel.is_archived === true),
      );
    const { items, response_metadata } = paged(shown, cursor, limit ?? 100);
    return {
      channels: items.map((channel) => workspace.directory.conversation(channel)),
      response_metadata,
    } satisfies Answer<Conversations["list"]>;
  },
);

const members = method(
  "conversations.members",
  "channels:read",
  z.object({ channel: word, limit: count, cursor: maybe }),
  ({ channel, limit, cursor }, { workspace }) => {
    const all = workspace.directory.members(workspace.directory.channel(channel));
    const { items, response_metadata } = paged(all, cursor, limit ?? 100);
    return { members: items, response_metadata } satisfies Answer<Conversations["members"]>;
  },
);

const open = method(
  "conversations.open",
  "im:write",
  z.object({ users: maybe, channel: maybe, return_im: flag }),
  ({ users, channel }, { workspace }) => {
    if (users === undefined && channel === undefined) throw new SlackError("users_list_not_supplied");
    const ids = (users ?? "").split(",").filter((id) => id !== "");
    if (ids.length > 1) throw new SlackError("invalid_user_combination");
    const opened =
      ids[0] === undefined ? workspace.directory.channel(channel ?? "") : workspace.directory.direct(ids[0]);
    return { channel: workspace.directory.conversation(opened) } satisfies Answer<Conversations["open"]>;
  },
);

/** The `conversations.*` methods. */
export const conversations: readonly Method[] = [history, replies, info, list, members, open];
