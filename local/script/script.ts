import { count } from "../../src/core/words/format.ts";
import { closest } from "../../src/lib/closest.ts";
import type { LiveFault } from "../faults/fault.ts";
import type { Tryout } from "../tryout/tryout.ts";
import { askHealth } from "./ask-health.ts";
import { type Played, playFault } from "./play-fault.ts";
import { playWrite } from "./play-write.ts";
import { table } from "./table.ts";

/**
 * Asks how a healthy system is, then breaks one thing after the other, types the writes that no finding offers, and judges what the
 * product made of it. `only`: these faults, and no writes.
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
  const writes = only === undefined ? tryout.sample.writes : [];
  say("\n=== Nothing is broken");
  const unwell = await askHealth(tryout, say);
  for (const wrong of unwell) say(`!!! ${wrong}`);
  const played = await playAll(tryout, chosen, writes, say);
  say(`\n${table(played)}`);
  const failed = played.filter(({ wrong }) => wrong.length > 0);
  const typed = writes.length === 0 ? "" : `; ${count(writes.length, "write")} that people typed, too`;
  say(
    failed.length === 0
      ? `\nAll ${chosen.length} faults were found, repaired (after approval, or by hand as advised) and verified${typed}.`
      : `\n${failed.length} of ${played.length} were not: ${failed.map(({ fault }) => fault).join(", ")}.`,
  );
  return failed.length === 0 && unwell.length === 0 ? 0 : 1;
}

async function playAll(
  tryout: Tryout,
  faults: readonly LiveFault[],
  writes: readonly string[],
  say: (line: string) => void,
): Promise<Played[]> {
  const played: Played[] = [];
  const keep = (one: Played): void => {
    played.push(one);
    for (const wrong of one.wrong) say(`!!! ${wrong}`);
  };
  for (const [at, fault] of faults.entries()) {
    say(`\n=== ${at + 1} of ${faults.length}: ${fault.title} (${fault.id})`);
    keep(await playFault(tryout, fault, say));
  }
  for (const words of writes) {
    say(`\n=== A write that is typed: ${words}`);
    keep(await playWrite(tryout, words, say));
  }
  return played;
}
