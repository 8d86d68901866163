import type { FormatNode } from "./mrkdwn.js";

export function parseMarkdown(source: string): FormatNode[];
