import { RUN_WAITS } from "../core/rules/queue-away.ts";
import { accepted, replyText } from "./ask.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { finish, mayOffer, noteQueue } from "./run.ts";
import { runJson } from "./run-json.ts";
import { runText } from "./run-text.ts";

/**
 * `silence`: the words of `/diag silence`. Shows the run that asks for it, or lists or ends silences, once it waits for its approval or
 * has ended. Exits 0, as what is found is what was asked for, and 2 where it could
 * not be looked. Throws what the door refuses.
 */
export async function silence(
  deps: CliDeps,
  io: CliIo,
  words: readonly string[],
  { json, wait }: { readonly json: boolean; readonly wait: boolean },
): Promise<number> {
  const { dryRun } = mayOffer(deps, io, { dryRun: false });
  const reply = accepted(await deps.ask("silence", words, { dryRun }));
  if (reply.run === undefined || !wait) {
    const data = reply.data ?? { title: reply.title, id: reply.run };
    io.stdout(json ? `${JSON.stringify(data)}\n` : `${replyText(reply)}\n`);
    return EXIT.ok;
  }
  await noteQueue(deps, io, RUN_WAITS);
  const view = await finish(deps, io, reply.run);
  io.stdout(`${json ? JSON.stringify(runJson(view)) : runText(view)}\n`);
  return view.status === "errored" || view.status === "cancelled" ? EXIT.refused : EXIT.ok;
}
