import type { ViewOutput } from "@slack/bolt";
import { APP, TEAM } from "./state/identity.ts";
import type { Workspace } from "./state/workspace.ts";
import type { LocalFile, LocalMessage, LocalView } from "./types.ts";

/** A file object without its bytes. */
export function wireFile({ data: _, ...file }: LocalFile) {
  return {
    ...file,
    filetype: file.name.split(".").at(-1) ?? "",
    url_private_download: file.url_private,
    permalink: file.url_private,
  };
}

const threadOf = (workspace: Workspace, message: LocalMessage) => {
  const replies = workspace.messages.replies(message.channel, message.ts);
  const latest = replies.at(-1);
  if (latest === undefined) return {};
  const users = [...new Set(replies.map((reply) => reply.user))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users: users,
    reply_users_count: users.length,
    latest_reply: latest.ts,
  };
};

/** A message as the Web API shows it; its metadata only when asked for. */
export function wireMessage(
  workspace: Workspace,
  message: LocalMessage,
  options: { metadata?: boolean } = {},
) {
  const { channel: _, ephemeralFor: __, metadata, files, reactions, ...shown } = message;
  return {
    type: "message",
    ...shown,
    team: TEAM.id,
    ...(message.bot_id === undefined ? {} : { app_id: APP.id }),
    ...(files === undefined ? {} : { files: files.map(wireFile) }),
    ...(reactions === undefined
      ? {}
      : {
          reactions: reactions.map((each) => ({ ...each, users: [...each.users], count: each.users.length })),
        }),
    ...(options.metadata === true && metadata !== undefined ? { metadata } : {}),
    ...threadOf(workspace, message),
  };
}

const written = (text: LocalView["title"]) =>
  text === undefined ? null : { ...text, emoji: text.emoji ?? true };

/** A view as `views.*` answers and payloads carry it. */
export function wireView(view: LocalView) {
  const { user: _, errors: __, title, submit, close, blocks, state, ...shown } = view;
  return {
    ...shown,
    team_id: TEAM.id,
    app_id: APP.id,
    app_installed_team_id: TEAM.id,
    bot_id: APP.botId,
    title: written(title) ?? { type: "plain_text", text: "View Title" },
    submit: written(submit),
    close: written(close),
    blocks: [...blocks],
    state: state as ViewOutput["state"],
  } satisfies ViewOutput;
}
