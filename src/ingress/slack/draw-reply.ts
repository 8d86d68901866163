import type { KnownBlock } from "@slack/types";
import { mrkdwn } from "../../lib/escape.ts";
import type { Reply, ReplySection } from "../reply.ts";
import { alignedTable, code, rich } from "./blocks.ts";

export interface Drawn {
  /** For notifications; escaped. */
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** An answer of the door as Slack blocks, at most 50. */
export function drawReply(reply: Reply): Drawn {
  const { error } = reply;
  const complaints = error?.complaints?.map(({ name, message }) => `• ${name}: ${message}`) ?? [];
  const why = complaints.length > 0 ? complaints.join("\n") : error?.message;
  return {
    text: mrkdwn(error === undefined ? reply.title : `${reply.title}: ${error.message}`, 400),
    blocks: [
      rich(reply.title, { bold: true }),
      ...reply.sections.flatMap(drawSection),
      ...(why === undefined ? [] : [rich(why)]),
      ...(error?.hint === undefined ? [] : [rich(error.hint)]),
    ].slice(0, 50),
  };
}

const drawSection = (section: ReplySection): KnownBlock[] =>
  section.kind === "text" ? [rich(section.text)] : code(alignedTable(section.columns, section.rows), 3);
