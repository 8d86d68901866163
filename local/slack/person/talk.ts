import type { Backstage } from "../backstage.ts";
import { APP } from "../state/identity.ts";
import type { LocalMessage } from "../types.ts";

/** A person writes a message (mrkdwn as Slack sends it: `<@U…>`, `&lt;`). Resolves when the app was told once. */
export async function say(
  { workspace, events }: Backstage,
  user: string,
  where: string,
  text: string,
  thread: string | undefined,
): Promise<LocalMessage> {
  const channel = workspace.directory.channel(where);
  const root = thread === undefined ? undefined : workspace.messages.public(channel.id, thread);
  const message = workspace.messages.put({
    ts: workspace.clock.timestamp(),
    channel: channel.id,
    user: workspace.directory.person(user).id,
    text,
    ...(root === undefined ? {} : { thread_ts: root.thread_ts ?? root.ts }),
  });
  if (!workspace.directory.isMember(channel, APP.userId)) return message;
  const mention = { user, text, ts: message.ts, channel: channel.id, event_ts: message.ts };
  await Promise.all([
    events.posted(message),
    text.includes(`<@${APP.userId}>`)
      ? events.emit({
          type: "app_mention",
          ...mention,
          ...(message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
        })
      : undefined,
  ]);
  return message;
}

/** A person opens the app's home tab. Resolves when the app was told once. */
export async function openHome({ workspace, events }: Backstage, user: string): Promise<void> {
  const channel = workspace.directory.direct(user).id;
  await events.emit({
    type: "app_home_opened",
    user,
    channel,
    tab: "home",
    event_ts: workspace.clock.timestamp(),
  });
}
