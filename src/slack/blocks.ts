import type { Button, KnownBlock, RichTextBlock, RichTextElement, RichTextSection } from "@slack/types";
import type { Answer } from "../core/words/answer.ts";
import { literal, mono, mrkdwn, paragraph } from "./escape.ts";

/** A piece of a line. Foreign text is safe in all of them: rich_text knows no markup. */
export type Piece = RichTextElement;

/** Characters of one piece of running text. */
const PIECE = 1_000;
const HEADER = 150;
const BUTTON = 75;

export const plain = (text: string, limit = PIECE): Piece => ({ type: "text", text: spaced(text, limit) });
export const bold = (text: string, limit = PIECE): Piece => ({
  type: "text",
  text: spaced(text, limit),
  style: { bold: true },
});
export const italic = (text: string, limit = PIECE): Piece => ({
  type: "text",
  text: spaced(text, limit),
  style: { italic: true },
});
export const inlineCode = (text: string, limit = 200): Piece => ({
  type: "text",
  text: literal(mono(text.slice(0, limit * 4)), limit),
  style: { code: true },
});
export const lines = (text: string, limit = PIECE): Piece => ({ type: "text", text: paragraph(text, limit) });

/** Sentences of a runbook's author: what stands between backticks is shown as code, everything else as it is. */
export const prose = (text: string, limit = PIECE): Piece[] =>
  paragraph(text, limit)
    .split(/`([^`\n]+)`/)
    .flatMap((part, i): Piece[] =>
      part === "" ? [] : [{ type: "text", text: part, ...(i % 2 === 1 ? { style: { code: true } } : {}) }],
    );

/** A link. `url` is ours, or was read as an http(s) address; `text` says where it leads. */
export const webLink = (url: string, text: string): Piece => ({
  type: "link",
  url,
  text: literal(text, 100),
});

export const newline: Piece = { type: "text", text: "\n" };

/** A space at either end joins pieces; `literal` alone would trim it. */
const spaced = (text: string, limit: number): string => {
  if (text === " ") return text;
  const before = text.startsWith(" ") ? " " : "";
  const after = text.length > 1 && text.endsWith(" ") ? " " : "";
  return `${before}${literal(text, limit)}${after}`;
};

const section = (pieces: readonly Piece[]): RichTextSection => ({
  type: "rich_text_section",
  elements: [...pieces],
});

export const rich = (...pieces: readonly Piece[]): RichTextBlock => ({
  type: "rich_text",
  elements: [section(pieces)],
});

export const bullets = (items: readonly (readonly Piece[])[]): RichTextBlock => ({
  type: "rich_text",
  elements: [{ type: "rich_text_list", style: "bullet", elements: items.map(section) }],
});

/** Monospaced lines. The caller has limited them; here they are only made harmless. */
export const codeBlock = (text: string): RichTextBlock => ({
  type: "rich_text",
  elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: mono(text) || "–" }] }],
});

export const header = (text: string): KnownBlock => ({
  type: "header",
  text: { type: "plain_text", text: literal(text, HEADER), emoji: false },
});

export const divider: KnownBlock = { type: "divider" };

/** Small grey line. `markup` is ours: foreign words in it have been through `mrkdwn`. */
export const context = (...markup: readonly string[]): KnownBlock => ({
  type: "context",
  elements: [{ type: "mrkdwn", text: markup.join("  ·  "), verbatim: true }],
});

export interface ButtonSpec {
  readonly action:
    | `remedy:${"approve" | "deny" | "preview" | "break-glass" | "stop-auto" | Answer}`
    | "run:cancel"
    | "run:details"
    | "incident:runs"
    | "incident:ack"
    | "checklist:tick";
  readonly label: string;
  readonly value: string;
  readonly style?: "primary" | "danger";
  /** Asked before the click counts. */
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

export const button = ({ action, label, value, style, confirm }: ButtonSpec): Button => ({
  type: "button",
  action_id: action,
  text: { type: "plain_text", text: literal(label, BUTTON), emoji: false },
  value,
  ...(style === undefined ? {} : { style }),
  ...(confirm === undefined ? {} : { confirm: dialog(confirm, style) }),
});

const dialog = (
  { title, text, yes }: NonNullable<ButtonSpec["confirm"]>,
  style: "primary" | "danger" | undefined,
) => ({
  title: { type: "plain_text" as const, text: literal(title, 100), emoji: false },
  text: { type: "plain_text" as const, text: literal(text, 300), emoji: false },
  confirm: { type: "plain_text" as const, text: literal(yes, 30), emoji: false },
  deny: { type: "plain_text" as const, text: "Not now", emoji: false },
  ...(style === undefined ? {} : { style }),
});

export const actions = (...buttons: readonly ButtonSpec[]): KnownBlock => ({
  type: "actions",
  elements: buttons.map(button),
});

/** Fallback text of a message: one line, nothing in it is markup. */
export const fallback = (text: string): string => mrkdwn(text, 300);
