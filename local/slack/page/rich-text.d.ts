import type { RichTextBlock } from "@slack/types";
import type { FormatNode } from "./mrkdwn.js";

export function parseRichText(elements: RichTextBlock["elements"]): FormatNode[];
