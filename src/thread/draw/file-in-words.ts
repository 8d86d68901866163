import type { KnownBlock } from "@slack/types";
import { bold, codeBlock, plain, rich } from "../../slack/blocks.ts";
import type { WantedFile } from "../wanted.ts";

const MOST_CHARACTERS = 2_500;

/** What stands in the thread where Slack takes no file: its beginning, or what a chart shows. */
export function fileInWords({ name, title, altText, content }: WantedFile): KnownBlock[] {
  const isText = typeof content === "string";
  const why = `Slack did not take the file ${name}.${isText ? " It begins:" : " It shows:"}`;
  const said = codeBlock(isText ? content.slice(0, MOST_CHARACTERS) : altText);
  return [rich(bold(title, 150)), rich(plain(why, 300)), said];
}
