import { closest } from "../../src/lib/closest.ts";
import type { Tryout } from "../tryout/tryout.ts";
import { askHealth } from "./ask-health.ts";
import { type Played, playFault } from "./play-fault.ts";
import { table } from "./table.ts";

/**
 * Asks how a healthy system is, then breaks one thing after the other, and judges what the product made of it.
 * Resolves with the exit code: 0 only if nothing was found in the healthy one, and every cause was found, repaired after
 * approval (or by hand, where all that can be given is advice), and verified.
 */
export async function runScript(
  tryout: Tryout,
  only: readonly string[] | undefined,
  say: (line: string) => void,
): Promise<number> {
  const ids = tryout.faults.map(({ id }) => id);
  const unknown = only?.find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    const meant = closest(unknown, ids);
    say(
      `There is no fault ${unknown} here.${meant === undefined ? "" : ` Did you mean ${meant}?`}\n${ids.join("\n")}`,
    );
    return 64;
  }
  const chosen = tryout.faults.filter(({ id }) => only === undefined || only.includes(id));
  const played: Played[] = [];
  say("\n=== Nothing is broken");
  const unwell = await askHealth(tryout, say);
  for (const wrong of unwell) say(`!!! ${wrong}`);
  for (const [at, fault] of chosen.entries()) {
    say(`\n=== ${at + 1} of ${chosen.length}: ${fault.title} (${fault.id})`);
    const one = await playFault(tryout, fault, say);
    played.push(one);
    for (const wrong of one.wrong) say(`!!! ${wrong}`);
  }
  say(`\n${table(played)}`);
  const failed = played.filter(({ wrong }) => wrong.length > 0);
  say(
    failed.length === 0
      ? `\nAll ${played.length} faults were found, repaired (after approval, or by hand as advised) and verified.`
      : `\n${failed.length} of ${played.length} faults were not: ${failed.map(({ fault }) => fault).join(", ")}.`,
  );
  return failed.length === 0 && unwell.length === 0 ? 0 : 1;
}
