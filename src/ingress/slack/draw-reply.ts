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
    blocks: fitting([
      rich(reply.title, { bold: true }),
      ...reply.sections.flatMap(drawSection),
      ...(why === undefined ? [] : [rich(why)]),
      ...(error?.hint === undefined ? [] : [rich(error.hint)]),
    ]),
  };
}

/** Slack takes 50 blocks and about 13,000 characters of all blocks of a message. */
const MOST_BLOCKS = 49;
const MOST_CHARACTERS = 11_000;

function fitting(blocks: readonly KnownBlock[]): KnownBlock[] {
  let size = 0;
  const fits = blocks.findIndex((block, at) => {
    size += JSON.stringify(block).length;
    return at >= MOST_BLOCKS || size > MOST_CHARACTERS;
  });
  return fits < 0 ? [...blocks] : [...blocks.slice(0, fits), rich("… more is not shown")];
}

const drawSection = (section: ReplySection): KnownBlock[] =>
  section.kind === "text" ? [rich(section.text)] : code(alignedTable(section.columns, section.rows), 3);
