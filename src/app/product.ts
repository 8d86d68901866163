import { type Config, loadConfig } from "../config/load.ts";
import { packsNamed } from "../config/packs.ts";
import { DiagError } from "../core/words/errors.ts";
import { loadPacks } from "../packs/load.ts";
import { type Knowledge, kindsOfPacks, knowledgeOf } from "./knowledge.ts";

/** What a process knows from outside: its configuration, and everything that can be run with it. */
export interface Product {
  readonly config: Config;
  readonly knowledge: Knowledge;
}

type Place = Omit<Parameters<typeof loadConfig>[0], "kinds" | "leftOut">;

/**
 * Loads packs, then reads the configuration: packs bring kinds of connections, and connections are held to their kinds. Throws
 * `bad_config` with every complaint, and with what was left out of the packs, which may be why.
 */
export async function loadProduct(place: Place): Promise<Product> {
  const { names, folder } = packsNamed(place);
  const packs = await loadPacks(names, folder);
  const known = kindsOfPacks(packs);
  const leftOut = [...packs.flatMap((pack) => pack.leftOut), ...known.leftOut];
  try {
    const config = loadConfig({ ...place, kinds: known.kinds, leftOut });
    return { config, knowledge: knowledgeOf(config, { packs, leftOut }) };
  } catch (error) {
    if (!(error instanceof DiagError) || error.code !== "bad_config" || leftOut.length === 0) throw error;
    const { hint } = error;
    const lines = [error.message, ...leftOut.map((line) => `left out: ${line}`)];
    throw new DiagError("bad_config", lines.join("\n"), hint === undefined ? {} : { hint });
  }
}
