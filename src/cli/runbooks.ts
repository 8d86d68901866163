import { DiagError } from "../core/words/errors.ts";
import type { CliDeps, CliIo, CliKnowledge } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { plain } from "./plain.ts";
import { runbooksJson, runbooksText } from "./runbooks-text.ts";

/** `runbooks`: all that can be run here; without a readable configuration what diagbot ships. */
export async function runbooks(deps: CliDeps, io: CliIo, json: boolean): Promise<number> {
  const known = await knowledgeOrShipped(deps, io);
  for (const line of known.leftOut) io.stderr(`${plain(`left out: ${line}`)}\n`);
  io.stdout(`${json ? JSON.stringify(runbooksJson(known.runbooks)) : runbooksText(known.runbooks)}\n`);
  return EXIT.ok;
}

async function knowledgeOrShipped(deps: CliDeps, io: CliIo): Promise<CliKnowledge> {
  try {
    return await deps.knowledge();
  } catch (error) {
    if (!(error instanceof DiagError) || error.code !== "bad_config") throw error;
    io.stderr(`${plain(`only what diagbot ships: ${error.message}`)}\n`);
    return { kinds: deps.kinds(), runbooks: deps.shipped(), packs: [], leftOut: [], warnings: [] };
  }
}
