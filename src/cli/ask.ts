import { DiagError } from "../core/words/errors.ts";
import { isEnded } from "../core/words/outcome.ts";
import type { Reply, ReplySection } from "../core/words/reply.ts";
import { columns } from "./columns.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { inShell } from "./in-shell.ts";
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
  const reply = accepted(await deps.ask(command, words));
  io.stdout(json ? `${JSON.stringify(reply.data ?? { title: reply.title })}\n` : `${replyText(reply)}\n`);
  return EXIT.ok;
}

/** What the door answered. Throws what it refused, in words for a shell. */
export function accepted(reply: Reply): Reply {
  if (reply.error === undefined) return reply;
  const { code, message, hint } = reply.error;
  throw new DiagError(code, inShell(message), hint === undefined ? {} : { hint: inShell(hint) });
}

/** `cancel`: where no worker is alive, what is left of the run is brought to its end here. */
export async function cancel(
  deps: CliDeps,
  io: CliIo,
  run: string,
  { json, all = false }: { readonly json: boolean; readonly all?: boolean },
): Promise<number> {
  const view = await viewOf(deps, run);
  const code = await ask(
    deps,
    io,
    { command: "cancel", words: [String(view.id), ...(all ? ["all"] : [])] },
    json,
  );
  if (!isEnded(view.status) && !(await deps.hasWorker())) await deps.workInline(view.id);
  return code;
}

/** An answer of the door as text for a terminal. */
export const replyText = (reply: Reply): string =>
  [plain(inShell(reply.title)), ...reply.sections.map(sectionText)].join("\n");

const sectionText = (section: ReplySection): string =>
  section.kind === "text" ? plain(inShell(section.text)) : columns(section.rows, section.columns);
