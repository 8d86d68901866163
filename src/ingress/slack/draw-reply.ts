import type { KnownBlock, RichTextElement } from "@slack/types";
import type { Reply, ReplyError, ReplySection } from "../../core/words/reply.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { alignedTable, code, lead, rich } from "../../slack/text-blocks.ts";

export interface Drawn {
  /** For notifications; escaped. */
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** An answer of the door as Slack blocks, at most 50. */
export function drawReply(reply: Reply): Drawn {
  const { error } = reply;
  return {
    text: mrkdwn(error === undefined ? reply.title : `${reply.title}: ${error.message}`, 400),
    blocks: fitting([
      error === undefined ? rich(reply.title, { bold: true }) : drawError(reply.title, error),
      ...reply.sections.flatMap(drawSection),
      ...drawPlace(reply),
    ]),
  };
}

const CHANNEL = /^[CGD][A-Z0-9]{2,30}$/;

/** Where the run's thread is: the channel, and the thread itself once it is posted. */
function drawPlace({ channel, link, error }: Reply): KnownBlock[] {
  if (channel === undefined || error !== undefined || !CHANNEL.test(channel)) return [];
  const place: RichTextElement[] = [
    { type: "text", text: "In " },
    { type: "channel", channel_id: channel },
    ...(link === undefined
      ? []
      : ([
          { type: "text", text: ": " },
          { type: "link", url: link, text: "open the thread" },
        ] as const)),
  ];
  return [{ type: "rich_text", elements: [{ type: "rich_text_section", elements: place }] }];
}

/** What was wrong, and what to do instead on a line of its own. */
function drawError(title: string, { message, hint, complaints = [] }: ReplyError): KnownBlock {
  const several = complaints.map((one) => `• ${one.name}: ${one.message}`).join("\n");
  const advice = hint === undefined ? "" : `\n→ ${hint}`;
  return several === ""
    ? lead(`${title}:`, " ", `${message}${advice}`)
    : lead(`${title}:`, "\n", `${several}${advice}`);
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
