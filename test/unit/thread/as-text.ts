import type { KnownBlock, RichTextElement } from "@slack/types";
import type { WantedMessage } from "../../../src/thread/wanted.ts";

/** What people read, as plain text: the golden files hold this. */
export const asText = (messages: readonly WantedMessage[]): string =>
  messages
    .map(({ slot, urgent, text, blocks, file }) => {
      const head = `=== ${slot}${urgent ? " (urgent)" : ""}\n(${text})`;
      const body =
        file === undefined
          ? blocks.map(blockText)
          : [`file ${file.name}: ${file.title}\n  alt: ${file.altText}`];
      return [head, ...body].join("\n");
    })
    .join("\n\n")
    .concat("\n");

function blockText(block: KnownBlock): string {
  switch (block.type) {
    case "header":
      return `# ${block.text.text}`;
    case "divider":
      return "---";
    case "section":
      return `${block.text?.text ?? ""}${block.accessory?.type === "button" ? `   [${block.accessory.text.text}]` : ""}`;
    case "context":
      return `~ ${block.elements.map((element) => ("text" in element ? element.text : element.type)).join(" ")}`;
    case "actions":
      return block.elements
        .map((element) =>
          element.type === "button"
            ? `[${element.text.text}${element.style === undefined ? "" : ` ${element.style}`}${element.confirm === undefined ? "" : " confirm"}]`
            : element.type,
        )
        .join(" ");
    case "rich_text":
      return block.elements
        .map((element) => {
          if (element.type === "rich_text_list")
            return element.elements.map((item) => `• ${pieces(item.elements)}`).join("\n");
          if (element.type === "rich_text_preformatted") return `\`\`\`\n${pieces(element.elements)}\n\`\`\``;
          return pieces(element.elements);
        })
        .join("\n");
    default:
      return `unexpected block ${block.type}`;
  }
}

const pieces = (elements: readonly RichTextElement[]): string =>
  elements
    .map((element) => {
      if (element.type === "link") return `<${element.url}|${element.text ?? ""}>`;
      if (element.type !== "text") return `unexpected ${element.type}`;
      const mark = element.style?.bold ? "*" : element.style?.italic ? "_" : element.style?.code ? "`" : "";
      return `${mark}${element.text}${mark}`;
    })
    .join("");
