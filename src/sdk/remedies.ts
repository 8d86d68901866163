import type { z } from "zod";
import type { CommandParams } from "../core/rules/commands/offer.ts";
import type { Call, CallMaker, Steps, WriteAction } from "../core/words/action.ts";
import type { Duration } from "../core/words/duration.ts";
import { highestRisk, type Risk } from "../core/words/risk.ts";
import type {
  AnyAdvice,
  AnyExecutable,
  AnyRemedy,
  AnySeen,
  Done,
  RunContext,
} from "../core/words/runbook.ts";
import { type AllSeen, type Given, type GivenSome, given, type StepName, valuesOf } from "./given.ts";

type Maybe<T> = T | undefined | false;

/** One, several or none; `false` so that a rule may say `n > 0 && { … }`, also within a list. */
export type Some<T> = Maybe<T> | readonly Maybe<T>[];

export const listOf = <T>(some: Some<T>): readonly T[] =>
  (Array.isArray(some) ? (some as readonly Maybe<T>[]) : [some as Maybe<T>]).filter(
    (one): one is T => one !== undefined && one !== false,
  );

/** What a remedy adds to what its action says of itself. */
export interface More<P, S, I, O, M extends keyof S & string> {
  /** Default: the action's. */
  readonly title?: string;
  /** May be higher than the action's, never lower. */
  readonly risk?: Risk;
  /** Steps of the diagnosis that are asked again afterwards, for `holds`; without it nothing is. */
  readonly recheck?: readonly M[];
  /** What must hold of them, besides what the action itself promises; `done` is what was approved and what came back. */
  holds?(after: Given<S, M>, done: readonly Done<I, O>[], context: RunContext<P>): boolean;
  /** Time it may take until it holds. Default: the action's. */
  readonly within?: Duration;
  /**
   * For what must not stay: taken back by itself after this time, unless the request says another one (`for=2h`), somebody keeps
   * or extends it. Only where its action can be undone. Default: it stays.
   */
  readonly inForce?: Duration;
}

/** The makers of a book's remedies. */
export interface RemedyMakers<P, S> {
  /**
   * A write the machine makes once people approve. `input`: one input of the action, a list, or undefined where there is
   * nothing to do. Without the named steps' values it is not offered.
   */
  does<
    I extends z.ZodType,
    O extends z.ZodType,
    const N extends StepName<S>,
    M extends keyof S & string = never,
  >(
    maker: CallMaker<I, O, WriteAction>,
    steps: readonly N[],
    input: (values: Given<S, N>, context: RunContext<P>) => Some<z.input<I>>,
    more?: More<P, S, z.output<I>, z.output<O>, M>,
  ): AnyExecutable;
  /**
   * A write that diagbot.yaml declares (docs/commands.md): `book.runs("scripts.release-orders", ["stuck"], ({ stuck }) => …)`,
   * with the values of the command's parameters. Title, risk, probe and undo are the declaration's. It is proposed on systems
   * whose connection declares it; where none does, it is advice that says what to declare. It has helped where the
   * named steps, asked again, would not have it run once more.
   */
  runs<const N extends StepName<S>>(
    run: `${string}.${string}`,
    steps: readonly N[],
    params: (values: Given<S, N>, context: RunContext<P>) => Some<CommandParams>,
  ): AnyAdvice;
  readonly advises: Advises<P, S>;
}

/** Makes a remedy that a person carries out. */
export interface Advises<P, S> {
  /** `advice` as a function gets whatever steps have a value. */
  (
    title: string,
    risk: Risk,
    advice: string | ((values: GivenSome<S>, context: RunContext<P>) => string),
  ): AnyRemedy;
  /** The same with every step as it was seen, for what is to be done about an error. */
  all(title: string, risk: Risk, advice: (seen: AllSeen<S>, context: RunContext<P>) => string): AnyRemedy;
}

/** What a book knows that its remedies need: the calls of its stages, and its context with thresholds filled in. */
export interface BookSteps {
  callsOf(seen: AnySeen, context: RunContext): Steps;
  fill(context: RunContext): RunContext<never>;
}

interface AnyMore extends Omit<More<never, never, never, never, never>, "holds" | "recheck"> {
  readonly recheck?: readonly string[];
  holds?(after: unknown, done: readonly Done[], context: unknown): boolean;
}

export function doing(
  book: BookSteps,
  { action }: { readonly action: WriteAction },
  steps: readonly string[],
  input: (values: unknown, context: unknown) => Some<unknown>,
  more: AnyMore = {},
): AnyExecutable {
  // What nothing judges proves nothing: asked again for nobody, it would pass for the finding's own question.
  const recheck = more.holds === undefined ? [] : (more.recheck ?? []);
  return {
    title: more.title ?? action.title,
    risk: highestRisk([action.risk, more.risk ?? "low"]),
    undo: typeof action.undo === "string" ? action.undo : "actions",
    ...(action.asBefore === undefined ? {} : { asBefore: action.asBefore }),
    ...(more.inForce === undefined ? {} : { inForce: more.inForce }),
    action: action.name,
    source: [action.name, steps, input, more],
    do: (seen, context): readonly Call[] => {
      const values = given(seen, steps);
      if (values === undefined) return [];
      return listOf(input(values, book.fill(context))).map((one) => callOf(action, one));
    },
    verify: {
      within: more.within ?? action.settled?.within ?? "30s",
      check: (seen, context) => stepsOf(book, recheck, seen, context),
      holds: (after, done, context) => {
        const values = given(after, recheck);
        return values !== undefined && (more.holds?.(values, done, book.fill(context)) ?? true);
      },
    },
  };
}

/** The calls of these steps, to be made once more. */
export function stepsOf(
  book: BookSteps,
  names: readonly string[],
  seen: AnySeen,
  context: RunContext,
): Steps {
  const calls = book.callsOf(seen, context);
  return Object.fromEntries(names.flatMap((name) => (calls[name] ? [[name, calls[name]]] : [])));
}

const callOf = (action: WriteAction, input: unknown): Call => ({
  action: action.name,
  input: action.input.parse(input) as Call["input"],
});

export const advising = ({ fill }: BookSteps): Advises<never, never> =>
  Object.assign(
    (
      title: string,
      risk: Risk,
      advice: string | ((values: never, context: RunContext<never>) => string),
    ): AnyRemedy => ({
      title,
      risk,
      source: [advice],
      advice:
        typeof advice === "string"
          ? advice
          : (seen, context) => advice(valuesOf(seen) as never, fill(context as never)),
    }),
    {
      all: (
        title: string,
        risk: Risk,
        advice: (seen: never, context: RunContext<never>) => string,
      ): AnyRemedy => ({
        title,
        risk,
        source: ["all", advice],
        advice: (seen, context) => advice(seen as never, fill(context as never)),
      }),
    },
  );
