/** Times work in milliseconds of this process's CPU: what else the machine does is not in it. The least of `tries`. */
function cpuMs(work: () => unknown, tries: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const begun = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Characters of the text that is looked at first; most are done with it. */
export const FIRST = 1_000;
const SMALL = 4_000;
/** Below this, for `SMALL` characters, nobody waits for it, whatever its growth: a square of so many steps takes longer. */
const NOTHING_MS = 0.4;
/** The same for `FIRST`: a square of so many steps takes longer, too. */
const NOTHING_AT_FIRST_MS = 0.1;

/**
 * A text for which the time grows faster than the text: four times as long takes more than eight times the time, where a
 * linear one takes four and a square sixteen. Undefined: none of the seeds is one. Ratios only, so that the speed of the
 * machine does not matter.
 */
export function superlinear(
  work: (text: string) => unknown,
  seeds: Iterable<string>,
): { seed: string; small: number; large: number } | undefined {
  for (const seed of seeds) {
    for (const end of ["", "\u0001"]) {
      const text = (size: number) => seed.repeat(Math.ceil(size / seed.length)) + end;
      if (cpuMs(() => work(text(FIRST)), 1) < NOTHING_AT_FIRST_MS) continue;
      const small = cpuMs(() => work(text(SMALL)), 3);
      // Most are linear, and the first pair says so.
      if (small < NOTHING_MS || cpuMs(() => work(text(SMALL * 4)), 1) <= small * 8) continue;
      const measured = measure(work, text);
      if (measured !== undefined) return { seed, ...measured };
    }
  }
  return undefined;
}

/** Undefined: it is linear. What is not is so each time; a collection of garbage, or a colder processor, is not. */
function measure(
  work: (text: string) => unknown,
  text: (size: number) => string,
): { small: number; large: number } | undefined {
  for (let again = 0; ; again++) {
    const small = cpuMs(() => work(text(SMALL)), 5);
    const large = cpuMs(() => work(text(SMALL * 4)), 3);
    if (large <= small * 8) return undefined;
    if (again === TIMES_MEASURED) return { small, large };
  }
}

/** A suspicion is measured so many times more. */
const TIMES_MEASURED = 4;

const EVERYDAY = [
  "a",
  "1",
  " ",
  "\n",
  ".",
  "-",
  "_",
  "/",
  '"',
  "'",
  ":",
  "=",
  "<",
  "@",
  "\\",
  "\u001b[",
  "é",
];

/**
 * Seeds of one to six characters out of the given words and everyday marks: each alone, each with each mark, and `more` at
 * random. The same words give the same seeds.
 */
export function seedsOf(words: readonly string[], more: number): Set<string> {
  const parts = [...new Set([...words.map((word) => word.slice(0, 6)), ...EVERYDAY])].filter(
    (part) => part !== "",
  );
  const seeds = new Set(parts);
  for (const word of words) for (const mark of EVERYDAY) seeds.add((word.slice(0, 5) + mark).slice(0, 6));
  const random = generator(parts.join("").length + parts.length);
  for (let i = 0; i < more; i++) {
    let seed = "";
    for (let length = 1 + random(6); seed.length < length; ) seed += parts[random(parts.length)] ?? "";
    seeds.add(seed.slice(0, 6));
  }
  return seeds;
}

function generator(start: number): (below: number) => number {
  let state = start >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}
