import { evidenceSlot, plotSlot } from "../../core/rules/slots.ts";
import { count } from "../../core/words/format.ts";
import type { RunView } from "../../core/words/view.ts";
import { fallback } from "../../slack/blocks.ts";
import type { WantedFile, WantedMessage } from "../wanted.ts";
import type { Attach } from "./evidence.ts";
import { fileInWords } from "./file-in-words.ts";

const MOST_PLOTS = 6;
/** Characters of the file of whole evidence. */
const MOST_CHARACTERS = 900_000;

/**
 * The files of a run: its charts, numbered in the order in which its findings mention them, and one text with everything
 * that had no room in a message. What is recorded does not change, so neither do names and contents.
 */
export function createAttachments(run: RunView): { attach: Attach; messages: () => WantedMessage[] } {
  const plots: { slot: string; file: WantedFile }[] = [];
  const parts: string[] = [];
  const evidence = `run-${run.id}-evidence.txt`;
  let size = 0;
  const attach: Attach = {
    plot: (file) => {
      const number = plots.length + 1;
      if (number > MOST_PLOTS) return undefined;
      const name = `run-${run.id}-plot-${number}.png`;
      plots.push({ slot: plotSlot(run.id, number), file: { ...file, name } });
      return name;
    },
    whole: (title, text) => {
      const part = `== ${title.replace(/\s+/g, " ").slice(0, 200)} ==\n${text}\n`;
      if (size + part.length > MOST_CHARACTERS) return undefined;
      size += part.length;
      parts.push(part);
      return evidence;
    },
  };
  const whole = (): WantedMessage[] => {
    if (parts.length === 0) return [];
    const title = `Whole evidence of run ${run.id}: ${count(parts.length, "part")}`;
    const file = { name: evidence, title, altText: title, content: parts.join("\n") };
    return [toMessage({ slot: evidenceSlot(run.id), file })];
  };
  return { attach, messages: () => [...whole(), ...plots.map(toMessage)] };
}

const toMessage = ({ slot, file }: { slot: string; file: WantedFile }): WantedMessage => ({
  slot,
  kind: "file",
  urgent: false,
  text: fallback(file.title),
  blocks: fileInWords(file),
  file,
});
