import type { ChannelFacts, ChannelTrouble, Place } from "../words/channel.ts";

/**
 * Undefined: diagbot may post there. A channel shared with another organisation, or about to be, is never posted to:
 * findings and plans name what is inside. One shared within one Enterprise organisation (`is_org_shared`) is internal.
 */
export function troubleOfChannel(facts: ChannelFacts): ChannelTrouble | undefined {
  if (facts.is_ext_shared === true || facts.is_pending_ext_shared === true) return "shared";
  if (facts.is_archived === true) return "archived";
  return facts.is_member === true || facts.is_im === true ? undefined : "not-member";
}

/** Slack's words for a channel that does not take a message. */
const REFUSALS: Readonly<Record<string, ChannelTrouble>> = {
  // A private channel the bot is not in is not shown to it: the same word as for an id that does not exist.
  channel_not_found: "not-found",
  not_in_channel: "not-member",
  user_not_in_channel: "not-member",
  team_access_not_granted: "not-member",
  is_archived: "archived",
  is_inactive: "archived",
  restricted_action: "restricted",
  restricted_action_read_only_channel: "restricted",
  restricted_action_thread_only_channel: "restricted",
  restricted_action_non_threadable_channel: "restricted",
  posting_to_channel_denied: "restricted",
  posting_to_general_channel_denied: "restricted",
  messages_tab_disabled: "restricted",
  channel_type_not_supported: "restricted",
  cannot_dm_bot: "restricted",
  user_disabled: "restricted",
  external_channel_migrating: "shared",
  slack_connect_blocked: "shared",
};

/** What a refusal by Slack (its `error`) says of the channel; undefined: nothing. */
export const troubleOfRefusal = (error: string): ChannelTrouble | undefined =>
  Object.hasOwn(REFUSALS, error) ? REFUSALS[error] : undefined;

/** A refusal `conversations.info` does not foresee: only a message that goes through shows that it is over. */
export const isSeenOnlyByPosting = (trouble: string): boolean => trouble === "restricted";

/** For people: `because` completes "diagbot cannot post there: …", `fix` is one imperative sentence. */
export const SAY_TROUBLE: Readonly<
  Record<ChannelTrouble, { readonly because: string; readonly fix: string }>
> = {
  "not-member": { because: "it is not in the channel", fix: "invite it there: /invite @diagbot" },
  "not-found": {
    because: "Slack does not show it the channel, which is private without diagbot in it, or the id is wrong",
    fix: "invite it there (/invite @diagbot), or correct the id in diagbot.yaml",
  },
  archived: {
    because: "the channel is archived",
    fix: "unarchive it, or name another channel in diagbot.yaml",
  },
  restricted: {
    because: "the channel's settings say who may post, and diagbot may not",
    fix: "let diagbot post there (channel settings, posting permissions), or name another channel in diagbot.yaml",
  },
  shared: {
    because: "the channel is shared with another organisation, whose members would read along",
    fix: "name a channel of your own organisation in diagbot.yaml",
  },
  unreadable: {
    because: "Slack does not tell it who reads the channel",
    fix: "install the app again with the scopes of manifest.yaml",
  },
};

/**
 * A thread stays where it is while it can be shown there. Otherwise it goes where it was meant for, else to the channel
 * of alerts without one of their own. `troubleOf` undefined: that channel takes it.
 */
export function placeOfThread(
  thread: { readonly channel: string; readonly meantFor?: string | undefined },
  fallback: string | undefined,
  troubleOf: (channel: string) => ChannelTrouble | undefined,
): Place {
  if (troubleOf(thread.channel) === undefined) return "stay";
  const others = [thread.meantFor, fallback].filter(
    (channel): channel is string => channel !== undefined && channel !== thread.channel,
  );
  const next = others.find((channel) => troubleOf(channel) === undefined);
  return next === undefined ? "nowhere" : { move: next };
}
