import type { KnownBlock, PlainTextElement, RichTextElement, RichTextSection } from "@slack/types";
import { literal, mono, paragraph } from "./escape.ts";

/** Slack refuses longer texts of one element; a message's blocks together hold about 13,000 characters. */
const TEXT_LIMIT = 2_900;

/** Text that nothing can be made of: no mention, link, format or emoji. */
export const plain = (text: string, limit = 150): PlainTextElement => ({
  type: "plain_text",
  text: literal(text, limit),
  emoji: false,
});

/** Lines of text; what stands between backticks is shown as code. Everything else of it is literal. */
export const rich = (text: string, style: { bold?: true } = {}): KnownBlock => ({
  type: "rich_text",
  elements: [section(text, style)],
});

/** Bold words and what follows them, on the same line or (`joint` a line break) below. */
export const lead = (words: string, joint: " " | "\n", text: string): KnownBlock => ({
  type: "rich_text",
  elements: [
    {
      type: "rich_text_section",
      elements: [
        { type: "text", text: literal(words, 400), style: { bold: true } },
        { type: "text", text: joint },
        ...section(text, {}).elements,
      ],
    },
  ],
});

function section(text: string, style: { bold?: true }): RichTextSection {
  const parts = paragraph(text, TEXT_LIMIT).split(/`([^`\n]+)`/);
  const elements = parts.flatMap((part, at): RichTextElement[] => {
    if (part === "") return [];
    const isCode = at % 2 === 1;
    const styled = isCode ? { style: { code: true, ...style } } : { style };
    return [{ type: "text", text: part, ...(isCode || style.bold ? styled : {}) }];
  });
  return { type: "rich_text_section", elements };
}

/** Monospaced lines, in as many blocks as they need, at most `most`; a line longer than a block goes on in the next. */
export function code(text: string, most = 4): KnownBlock[] {
  const blocks: KnownBlock[] = [];
  let lines: string[] = [];
  let size = 0;
  const flush = () => {
    if (lines.length > 0) blocks.push(preformatted(lines.join("\n")));
    lines = [];
    size = 0;
  };
  const room = TEXT_LIMIT - 1;
  for (const line of mono(text.slice(0, TEXT_LIMIT * most * 2)).split("\n")) {
    for (let from = 0; from === 0 || from < line.length; from += room) {
      const part = line.slice(from, from + room);
      if (size + part.length + 1 > TEXT_LIMIT) flush();
      lines.push(part);
      size += part.length + 1;
    }
  }
  flush();
  return blocks.length <= most ? blocks : [...blocks.slice(0, most), rich("… more is not shown")];
}

const preformatted = (text: string): KnownBlock => ({
  type: "rich_text",
  elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: text || " " }] }],
});

/** Cells in columns, cut to what a phone can show. */
export function alignedTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [columns, ...rows].map((row) => row.map((cell) => literal(cell, 60)));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
