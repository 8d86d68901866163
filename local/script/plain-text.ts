import type { KnownBlock, RichTextBlock, RichTextBlockElement, RichTextElement } from "@slack/types";
import { PEOPLE } from "../people.ts";
import type { LocalMessage } from "../slack/types.ts";

/** `@Bob Brown` for a user id; an id nobody has stays as it is. */
export const nameOf = (id: string): string =>
  `@${PEOPLE.find((person) => person.id === id)?.real_name ?? id}`;

/** A message as somebody would read it aloud: no formatting, buttons in brackets. */
export function plainText(message: LocalMessage): string {
  const lines = (message.blocks ?? []).flatMap(ofBlock);
  const files = (message.files ?? []).map((file) => `[file: ${file.title}]`);
  const said = lines.length === 0 && message.text !== "" ? [mrkdwn(message.text)] : lines;
  return [...said, ...files].join("\n");
}

function ofBlock(block: KnownBlock): string[] {
  switch (block.type) {
    case "header":
      return [block.text.text];
    case "section":
      return [block.text, ...(block.fields ?? [])].flatMap((text) =>
        text === undefined ? [] : [mrkdwn(text.text)],
      );
    case "context":
      return [block.elements.map((one) => ("text" in one ? mrkdwn(one.text) : "")).join(" ")];
    case "actions":
      return [block.elements.map((one) => (one.type === "button" ? `[${one.text.text}]` : "")).join(" ")];
    case "rich_text":
      return ofRichText(block);
    case "divider":
      return ["---"];
    case "image":
      return [`[picture: ${block.alt_text}]`];
    default:
      return [];
  }
}

const ofRichText = (block: RichTextBlock): string[] => block.elements.map(ofRichElement);

function ofRichElement(element: RichTextBlockElement): string {
  if (element.type === "rich_text_list")
    return element.elements.map((item) => `• ${item.elements.map(ofPiece).join("")}`).join("\n");
  return element.elements.map(ofPiece).join("");
}

function ofPiece(piece: RichTextElement): string {
  switch (piece.type) {
    case "text":
      return piece.text;
    case "link":
      return piece.text ?? piece.url;
    case "user":
      return nameOf(piece.user_id);
    case "channel":
      return `#${piece.channel_id}`;
    case "date":
      return piece.fallback ?? new Date(piece.timestamp * 1000).toISOString();
    case "emoji":
      return `:${piece.name}:`;
    default:
      return "";
  }
}

/** Slack's markup: `<!date^…|fallback>`, `<@U…>`, `<url|text>`, the three entities. */
export const mrkdwn = (text: string): string =>
  text
    .replace(/<[^>|]*\|([^>]*)>/g, "$1")
    .replace(/<@(\w+)>/g, (_all, id: string) => nameOf(id))
    .replace(/<([^>]*)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
