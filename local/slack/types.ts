import type { KnownBlock, MessageMetadata, PlainTextElement } from "@slack/types";

/** A member of the local workspace. The flags are Slack's own and come back from `users.info`. */
export interface LocalPerson {
  readonly id: string;
  readonly name: string;
  readonly real_name?: string;
  readonly email?: string;
  readonly tz?: string;
  readonly team_id?: string;
  readonly is_bot?: boolean;
  readonly deleted?: boolean;
  readonly is_restricted?: boolean;
  readonly is_ultra_restricted?: boolean;
  readonly is_stranger?: boolean;
  /** In an Enterprise Grid: the workspaces this person works in; `team_id` is where they are at home. */
  readonly enterprise_user?: { readonly enterprise_id: string; readonly teams: readonly string[] };
}

/** A conversation. Without `members` everybody is in it, the bot too. */
export interface LocalChannel {
  readonly id: string;
  readonly name: string;
  readonly members?: readonly string[];
  readonly topic?: string;
  readonly is_private?: boolean;
  readonly is_archived?: boolean;
  readonly is_ext_shared?: boolean;
  readonly is_pending_ext_shared?: boolean;
  readonly is_org_shared?: boolean;
  /** Only people may post (channel settings): the app gets `restricted_action`. */
  readonly is_restricted?: boolean;
  readonly is_im?: boolean;
}

export interface LocalUsergroup {
  readonly id: string;
  readonly handle: string;
  readonly name?: string;
  readonly users: readonly string[];
}

/** An uploaded file; `data` are its bytes. */
export interface LocalFile {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly mimetype: string;
  readonly size: number;
  readonly created: number;
  readonly url_private: string;
  readonly alt_txt?: string;
  readonly data: Buffer;
}

export interface LocalReaction {
  readonly name: string;
  readonly users: readonly string[];
}

/** A message as it stands now. An update makes a new object, so a kept one is a snapshot. */
export interface LocalMessage {
  readonly ts: string;
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly subtype?: "thread_broadcast" | "tombstone";
  readonly bot_id?: string;
  readonly thread_ts?: string;
  readonly blocks?: readonly KnownBlock[];
  readonly attachments?: readonly unknown[];
  readonly metadata?: MessageMetadata;
  readonly edited?: { readonly user: string; readonly ts: string };
  readonly files?: readonly LocalFile[];
  readonly reactions?: readonly LocalReaction[];
  /** Only this person sees it; it is in no history and nobody can update it by its ts. */
  readonly ephemeralFor?: string;
}

/** The state of one input of a view or message, in Slack's form. */
export interface LocalValue {
  readonly type: string;
  readonly value?: string | null;
  readonly selected_option?: unknown;
  readonly selected_options?: readonly unknown[];
  readonly selected_user?: string | null;
  readonly selected_users?: readonly string[];
  readonly selected_conversation?: string | null;
  readonly selected_conversations?: readonly string[];
  readonly selected_channel?: string | null;
  readonly selected_channels?: readonly string[];
  readonly selected_date?: string | null;
  readonly selected_time?: string | null;
  readonly selected_date_time?: number | null;
}

/** block_id, then action_id. */
export type LocalValues = Readonly<Record<string, Readonly<Record<string, LocalValue>>>>;

/** A modal that is open, or a home tab that was published. */
export interface LocalView {
  readonly id: string;
  readonly hash: string;
  readonly type: "modal" | "home";
  readonly user: string;
  readonly callback_id: string;
  readonly private_metadata: string;
  readonly external_id?: string;
  readonly title?: PlainTextElement;
  readonly submit?: PlainTextElement;
  readonly close?: PlainTextElement;
  readonly clear_on_close: boolean;
  readonly notify_on_close: boolean;
  readonly blocks: readonly KnownBlock[];
  readonly state: { readonly values: LocalValues };
  readonly root_view_id: string;
  readonly previous_view_id: string | null;
  /** What stands in red below the inputs, by block_id. */
  readonly errors?: Readonly<Record<string, string>>;
}

/** A slash command the app registered; `usage` and the rest feed the completion popup of the page. */
export interface LocalCommand {
  /** With the slash: `/diag`. */
  readonly name: string;
  readonly usage?: string;
  readonly description?: string;
  readonly subcommands?: readonly {
    readonly name: string;
    readonly usage?: string;
    readonly description?: string;
  }[];
}

/** One line of the completion popup: choosing it puts `text` into the composer. */
export interface Suggestion {
  readonly text: string;
  readonly label?: string;
  readonly description?: string;
}

/** One thing that can be broken from the page's panel; pressing it while `broken` is meant to restore it. */
export interface PanelEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly system?: string;
  readonly state: "ready" | "broken" | "busy";
  /** Why the last press came to nothing. */
  readonly failure?: string;
}

/** The "break something" panel; the host of the local Slack owns what it lists and does. */
export interface Panel {
  readonly title: string;
  list(): Promise<readonly PanelEntry[]>;
  press(id: string): Promise<{ readonly ok: boolean; readonly text: string }>;
}

/** One call of the Web API, without its token. */
export interface LocalCall {
  readonly method: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
  readonly error?: string;
  /** Milliseconds since the epoch, when the call came in. */
  readonly at: number;
}

export type DeliveryType = "slash_commands" | "interactive" | "events_api";

/** One attempt to hand something to the app. */
export interface LocalDelivery {
  readonly via: "socket" | "http";
  readonly type: DeliveryType;
  readonly payload: Readonly<Record<string, unknown>>;
  /** 0 for the first attempt. */
  readonly retry: number;
  readonly at: number;
  readonly ms: number;
  readonly ack?: Ack;
  readonly error?: string;
}

/** What the app answered: `{}` for a bare acknowledgement. */
export interface Ack {
  readonly text?: string;
  readonly response_type?: string;
  readonly blocks?: readonly KnownBlock[];
  readonly [key: string]: unknown;
}

/** What the app answered to a submitted form. */
export interface ViewAck extends Ack {
  readonly response_action?: "errors" | "update" | "push" | "clear";
  readonly errors?: Readonly<Record<string, string>>;
}
