import type { Catalog } from "../core/ports/catalog.ts";
import type { DeliveryTrouble, MessageStore } from "../core/ports/message-store.ts";
import { SAY_TROUBLE } from "../core/rules/channel.ts";
import { isChannelTrouble } from "../core/words/channel.ts";
import { sayDuration } from "../core/words/duration.ts";
import { count } from "../core/words/format.ts";
import type { Health } from "../telemetry/health.ts";

/** Every channel diagbot.yaml names for messages of its own. */
export const channelsOf = ({ channel, systems, policies }: Catalog): string[] => [
  ...new Set([
    ...(channel === undefined ? [] : [channel]),
    ...systems.flatMap((system) => system.channel ?? []),
    ...Object.values(policies).flatMap((policy) => policy?.breakGlass?.channel ?? []),
  ]),
];

/** Whether people see what the rows say. Read from the rows, so every process knows, also one that sends nothing. */
export async function deliveryHealth(messages: Pick<MessageStore, "troubles" | "backlog">): Promise<Health> {
  const [troubles, { threads, oldestSeconds }] = await Promise.all([messages.troubles(), messages.backlog()]);
  const waiting =
    threads === 0
      ? "everything is shown"
      : `${count(threads, "thread")} not shown as ${threads === 1 ? "it is" : "they are"}, the oldest for ${sayDuration(oldestSeconds * 1000)}`;
  return { ok: troubles.length === 0, detail: [...troubles.map(sayTrouble), waiting].join("; ") };
}

/** The word of the metric. */
export const reasonOf = ({ subject, reason }: Pick<DeliveryTrouble, "subject" | "reason">): string =>
  isChannelTrouble(reason) ? reason : subject === "token" ? "token" : "scope";

function sayTrouble({ subject, reason }: DeliveryTrouble): string {
  if (isChannelTrouble(reason)) {
    const { because, fix } = SAY_TROUBLE[reason];
    return `diagbot cannot post to ${subject}: ${because} (${fix})`;
  }
  if (subject === "token")
    return `Slack does not accept SLACK_BOT_TOKEN: ${reason} (install the app again and set the new token)`;
  return `the bot's token lacks a scope for ${subject.replace(/^scope:/, "")}: ${reason} (install the app again with manifest.yaml)`;
}
