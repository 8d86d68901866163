import assert from "node:assert/strict";
import { DiagError } from "../../core/words/errors.ts";
import { sayBytes } from "../../core/words/format.ts";
import { inTurn } from "../../lib/in-turn.ts";
import { type Case, type Holding, storableJson } from "./hands.ts";
import { takenFromNow } from "./taken.ts";

/** What a flood costs is seen in the memory of the whole process: one at a time. */
const floods = inTurn();
const MIB = 1024 ** 2;
const MOST_MEMORY = 512 * MIB;
/** The largest answer any of diagbot's own connectors takes is 32 MiB (of Redis); the rest is what was on its way. */
const MOST_TAKEN = 48 * MIB;
const AGAIN = 3;
const LOOK_MS = 20;

/** A flood ends at a limit of bytes: not at a deadline, and not when there is no memory left. */
export const flood: Case = {
  title: "keeps no more of a flood than it needs",
  holds: (holding) => floods(() => endsByItself(holding)),
};

async function endsByItself({ target, hands }: Holding): Promise<void> {
  const before = process.memoryUsage.rss();
  const ask = () =>
    ofOne(() =>
      target.flood(
        (settings) => hands.open(settings),
        hands.context(),
        (call, settings) => hands.run(call, settings),
      ),
    );
  let { output, taken } = await ask();
  // On a busy machine a connector's own time limit may come before its limit of bytes: not each time.
  for (let again = 0; again < AGAIN && isLate(output); again += 1) ({ output, taken } = await ask());
  assert.ok(
    !isLate(output),
    `its deadline has ended the flood (after ${sayBytes(taken)}), not a limit of bytes: \`maxBytes\` of exchange, withinBytes`,
  );
  storableJson(output);
  const kept = process.memoryUsage.rss() - before;
  assert.ok(kept < MOST_MEMORY, `it took ${sayBytes(kept)} of memory`);
}

/** What came of one flood, an error included, and how many bytes of it came over one connection. */
async function ofOne(flooded: () => Promise<unknown>): Promise<{ output: unknown; taken: number }> {
  const taken = takenFromNow();
  let timer: NodeJS.Timeout | undefined;
  const tooMuch = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (taken.most() > MOST_TAKEN) reject(isTooMuch(taken.most(), "nothing has ended it yet"));
    }, LOOK_MS);
  });
  try {
    const output = await Promise.race([flooded(), tooMuch]).catch((thrown: unknown) => {
      if (thrown instanceof DiagError) return thrown;
      throw thrown;
    });
    const bytes = taken.most();
    if (bytes > MOST_TAKEN) throw isTooMuch(bytes, `what ended it: ${sayEnd(output)}`);
    return { output, taken: bytes };
  } finally {
    clearInterval(timer);
    taken.stop();
  }
}

const isTooMuch = (bytes: number, end: string): Error =>
  new assert.AssertionError({
    message: `it took ${sayBytes(bytes)} of the flood (${end}); an answer may have ${sayBytes(MOST_TAKEN)} at most, most need 64 KiB: \`maxBytes\` of exchange, withinBytes`,
  });

const isLate = (output: unknown): boolean => output instanceof DiagError && output.code === "timeout";

const sayEnd = (output: unknown): string =>
  output instanceof Error
    ? `${output instanceof DiagError ? output.code : output.name} (${output.message})`
    : "an answer";
