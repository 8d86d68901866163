/** Why diagbot must not or cannot post in a channel of Slack. `unreadable`: Slack does not say who reads it. */
export const CHANNEL_TROUBLES = [
  "not-member",
  "not-found",
  "archived",
  "restricted",
  "shared",
  "unreadable",
] as const;
export type ChannelTrouble = (typeof CHANNEL_TROUBLES)[number];

export const isChannelTrouble = (word: string): word is ChannelTrouble =>
  (CHANNEL_TROUBLES as readonly string[]).includes(word);

/** What `conversations.info` says of a channel, as far as it decides whether diagbot posts there. */
export interface ChannelFacts {
  readonly is_member?: boolean | undefined;
  readonly is_im?: boolean | undefined;
  readonly is_archived?: boolean | undefined;
  readonly is_ext_shared?: boolean | undefined;
  readonly is_pending_ext_shared?: boolean | undefined;
}

/** The channel of a thread that began while Slack was not set up: no channel of Slack's. */
export const NO_CHANNEL = "none";

/** Where a thread goes: `move` to that channel, or `nowhere` while none of them takes it. */
export type Place = "stay" | "nowhere" | { readonly move: string };
