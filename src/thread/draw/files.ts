import type { RunView } from "../../core/view.ts";
import { fallback } from "../blocks.ts";
import type { WantedFile, WantedMessage } from "../wanted.ts";
import type { Attach } from "./evidence.ts";

const MOST_PLOTS = 6;
const MOST_OUTPUTS = 6;

/** Numbers the files of a run in the order in which its findings mention them, so that a name never changes. */
export function createAttachments(run: RunView): { attach: Attach; messages: () => WantedMessage[] } {
  const files: { slot: string; file: WantedFile }[] = [];
  const counts = { plot: 0, output: 0 };
  const attach: Attach = (file) => {
    const kind = typeof file.content === "string" ? "output" : "plot";
    if (counts[kind] >= (kind === "plot" ? MOST_PLOTS : MOST_OUTPUTS)) return undefined;
    counts[kind] += 1;
    const name = `run-${run.id}-${kind}-${counts[kind]}.${kind === "plot" ? "png" : "txt"}`;
    files.push({ slot: `run/${run.id}/${kind}/${counts[kind]}`, file: { ...file, name } });
    return name;
  };
  return { attach, messages: () => files.map(toMessage) };
}

const toMessage = ({ slot, file }: { slot: string; file: WantedFile }): WantedMessage => ({
  slot,
  kind: "file",
  urgent: false,
  text: fallback(file.title),
  blocks: [],
  file,
});
