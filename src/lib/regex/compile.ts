import { type CharTest, otherCases, type Place, RegexError, type RegexNode } from "./ast.ts";

/** Instructions; the time of a match is at most this many per character of the text. */
const MOST_INSTRUCTIONS = 2_000;

/** A program that is walked along a text with all its states at once. */
export type Instruction =
  | { readonly do: "take"; readonly fits: CharTest }
  | { readonly do: "place"; readonly place: Place }
  | { readonly do: "split"; readonly to: number[] }
  | { readonly do: "accept" };

/** The program of an expression. Throws RegexError where it would be too long. */
export function compile(node: RegexNode): Instruction[] {
  const program: Instruction[] = [];
  const add = (instruction: Instruction): number => {
    if (program.length >= MOST_INSTRUCTIONS)
      throw new RegexError(`written out it is longer than ${MOST_INSTRUCTIONS} steps: repeat less`, 0);
    return program.push(instruction) - 1;
  };
  const split = (...to: number[]) => {
    const instruction = { do: "split" as const, to };
    add(instruction);
    return instruction;
  };
  const put = (what: RegexNode): void => {
    switch (what.is) {
      case "char":
        add({ do: "take", fits: charTest(what.char, what.anyCase) });
        break;
      case "set":
        add({ do: "take", fits: what.fits });
        break;
      case "place":
        add({ do: "place", place: what.place });
        break;
      case "sequence":
        for (const part of what.parts) put(part);
        break;
      case "choice":
        putChoice(what.options);
        break;
      case "repeat":
        putRepeat(what);
    }
  };
  const putChoice = (options: readonly RegexNode[]): void => {
    const ends = options.map((option, i) => {
      const fork = i < options.length - 1 ? split(program.length + 1) : undefined;
      put(option);
      const end = split();
      fork?.to.push(program.length);
      return end;
    });
    for (const end of ends) end.to.push(program.length);
  };
  const putRepeat = ({ what, min, max }: Extract<RegexNode, { is: "repeat" }>): void => {
    for (let n = 0; n < min; n++) put(what);
    if (max === Number.POSITIVE_INFINITY) {
      const from = program.length;
      const fork = split(from + 1);
      put(what);
      split(from);
      fork.to.push(program.length);
      return;
    }
    const forks = Array.from({ length: max - min }, () => {
      const fork = split(program.length + 1);
      put(what);
      return fork;
    });
    for (const fork of forks) fork.to.push(program.length);
  };
  put(node);
  add({ do: "accept" });
  return program;
}

function charTest(char: number, anyCase: boolean): CharTest {
  if (!anyCase) return (one) => one === char;
  const all = new Set([char, ...otherCases(char)]);
  return (one) => all.has(one);
}
