import type { KnownBlock } from "@slack/types";
import type { CardOf } from "../core/ports/message-store.ts";
import type { Evidence } from "../core/words/evidence.ts";

/** A chart to be drawn: series evidence as it was recorded. */
export type PlotSpec = Extract<Evidence, { kind: "series" }>;

/** A file of the thread. `content`: text as it is, or a chart that is rendered when it is sent. */
export interface WantedFile {
  /** Unique in the thread: it is how an upload is found again after a crash. */
  readonly name: string;
  readonly title: string;
  readonly altText: string;
  readonly content: string | PlotSpec;
}

/** One message a thread should show. The slot is its identity; the content may change, the slot never. */
export interface WantedMessage {
  /** Made by core/rules/slots.ts. */
  readonly slot: string;
  /** The remedy that people decide on by this message. */
  readonly card?: CardOf;
  readonly kind: "message" | "file";
  /** Sent before what is not: somebody has to decide something. */
  readonly urgent: boolean;
  /** Shows progress: may lag behind and skip states. */
  readonly live?: boolean;
  /** Says that something is over: sent when the other messages show how it ended. */
  readonly closing?: boolean;
  /** Shown in the channel as well as in the thread, when it is posted. */
  readonly broadcast?: boolean;
  /** Fallback for notifications; escaped mrkdwn. */
  readonly text: string;
  /** Of a file: what is posted where Slack takes no file; empty: nothing is. */
  readonly blocks: readonly KnownBlock[];
  readonly file?: WantedFile;
}
