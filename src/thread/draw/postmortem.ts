import { postmortemSlot } from "../../core/rules/slots.ts";
import type { IncidentView, PostmortemView } from "../../core/words/view.ts";
import { fallback } from "../../slack/blocks.ts";
import { fileText } from "../../slack/escape.ts";
import type { WantedMessage } from "../wanted.ts";
import { fileInWords } from "./file-in-words.ts";

/** The records that somebody asked for, each a Markdown file as it was then. */
export const drawPostmortems = (
  { id }: IncidentView,
  postmortems: readonly PostmortemView[],
): WantedMessage[] =>
  postmortems.map(({ n, by, at, markdown }) => {
    const title = `Postmortem of incident #${id}, as of ${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const file = {
      name: `incident-${id}-postmortem-${n}.md`,
      title,
      altText: `${title}, asked for by ${by}`.slice(0, 300),
      content: fileText(markdown),
    };
    return {
      slot: postmortemSlot(n),
      kind: "file",
      urgent: false,
      text: fallback(title),
      blocks: fileInWords(file),
      file,
    };
  });
