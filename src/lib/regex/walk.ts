import type { Place } from "./ast.ts";
import { PERL } from "./classes.ts";
import type { Instruction } from "./compile.ts";

/** Walks all states of the program along the text at once: no state is entered twice at the same place. */
export function fitsAll(program: readonly Instruction[], text: string): boolean {
  const chars = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const enter = entering(program, chars);
  let states = enter([0], 0);
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? 0;
    const taken = states.filter((state) => takes(program[state], char));
    if (taken.length === 0) return false;
    states = enter(
      taken.map((state) => state + 1),
      at + 1,
    );
  }
  return states.some((state) => program[state]?.do === "accept");
}

const takes = (instruction: Instruction | undefined, char: number): boolean =>
  instruction?.do === "take" && instruction.fits(char);

/** From some states to all that are reached without taking a character. */
function entering(program: readonly Instruction[], chars: readonly number[]) {
  const seenAt = new Int32Array(program.length).fill(-1);
  const onwards = (state: number, at: number): readonly number[] => {
    const instruction = program[state];
    if (instruction?.do === "split") return instruction.to;
    return instruction?.do === "place" && isAt(instruction.place, chars, at) ? [state + 1] : [];
  };
  return (first: readonly number[], at: number): number[] => {
    const open = [...first];
    const reached: number[] = [];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (seenAt[state] === at) continue;
      seenAt[state] = at;
      reached.push(state);
      open.push(...onwards(state, at));
    }
    return reached;
  };
}

const isWord = (char: number | undefined): boolean => char !== undefined && PERL.w?.(char) === true;
const NEWLINE = 0x0a;

function isAt(place: Place, chars: readonly number[], at: number): boolean {
  const [before, after] = [chars[at - 1], chars[at]];
  switch (place) {
    case "start":
      return at === 0;
    case "end":
      return at === chars.length;
    case "line-start":
      return at === 0 || before === NEWLINE;
    case "line-end":
      return at === chars.length || after === NEWLINE;
    case "word-edge":
      return isWord(before) !== isWord(after);
    case "no-word-edge":
      return isWord(before) === isWord(after);
  }
}
