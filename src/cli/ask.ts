import { DiagError } from "../core/words/errors.ts";
import { isEnded } from "../core/words/outcome.ts";
import type { Reply, ReplySection } from "../core/words/reply.ts";
import { columns } from "./columns.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";
import { viewOf } from "./run.ts";

/**
 * A command that Slack has, too: the same words, the same door, the same rights. Exits 0 when it was done or answered, 2
 * when it was refused, 64 when the words are wrong. Throws what the door refuses.
 */
export async function ask(
  deps: CliDeps,
  io: CliIo,
  { command, words }: { readonly command: string; readonly words: readonly string[] },
  json: boolean,
): Promise<number> {
  const reply = await deps.ask(command, words);
  if (reply.error !== undefined) {
    const { code, message, hint } = reply.error;
    throw new DiagError(code, inShell(message), hint === undefined ? {} : { hint: inShell(hint) });
  }
  io.stdout(json ? `${JSON.stringify(reply.data ?? { title: reply.title })}\n` : `${replyText(reply)}\n`);
  return EXIT.ok;
}

/** `cancel`: where no worker is alive, what is left of the run is brought to its end here. */
export async function cancel(deps: CliDeps, io: CliIo, run: string, json: boolean): Promise<number> {
  const view = await viewOf(deps, run);
  const code = await ask(deps, io, { command: "cancel", words: [String(view.id)] }, json);
  if (!isEnded(view.status) && !(await deps.hasWorker())) await deps.workInline(view.id);
  return code;
}

const replyText = (reply: Reply): string =>
  [plain(inShell(reply.title)), ...reply.sections.map(sectionText)].join("\n");

const sectionText = (section: ReplySection): string =>
  section.kind === "text" ? plain(inShell(section.text)) : columns(section.rows, section.columns);

const SHARED = "help|list|status|history|pending|storm|open|cancel|freeze|unfreeze";

/** Advice of the door speaks of `/diag`; here the same words follow `diagbot`. */
export const inShell = (text: string): string =>
  text
    .replaceAll(new RegExp(`/diag (${SHARED})\\b`, "g"), "diagbot $1")
    .replaceAll("diagbot unfreeze yes", "diagbot unfreeze --yes");
