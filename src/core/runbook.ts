import type { z } from "zod";
import type { Call, NoUndo, Steps } from "./action.ts";
import type { ConnectionFace, Kind } from "./connection.ts";
import type { Duration } from "./duration.ts";
import type { Finding } from "./finding.ts";
import type { Seen } from "./outcome.ts";
import type { Risk } from "./risk.ts";
import type { LabelMatch, Thresholds } from "./system.ts";

/** What steps returned, typed by the calls that made them. */
export type Outputs<S> = { readonly [K in keyof S]: S[K] extends Call<infer Out> ? Seen<Out> : never };

/** Everything a runbook may decide on besides what its steps saw. All of it is recorded with the run. */
export interface RunContext<P = Readonly<Record<string, unknown>>> {
  readonly params: P;
  readonly thresholds: Thresholds;
  readonly system: {
    readonly id: string;
    readonly connections: readonly ConnectionFace[];
    readonly contacts: readonly { readonly name: string; readonly channel?: string | undefined }[];
  };
  /** Labels and annotations of the alert that started the run. Text from outside. */
  readonly alert?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** When the run began or last looked again: findings are evaluated again on resume and must come out the same. */
  readonly now: Date;
}

/** Is it better now? Polled until `holds` is true or `within` has passed. Made by `verify()`. */
export interface Verify<S, P> {
  readonly check: (seen: S, context: RunContext<P>) => Steps;
  holds(after: never, before: S, context: RunContext<P>): boolean;
  readonly within: Duration;
}

/** Ties what `holds` sees to what `check` asks for. */
export function verify<V extends Steps, S, P>(spec: {
  check: V | ((seen: S, context: RunContext<P>) => V);
  holds: (after: Outputs<V>, before: S, context: RunContext<P>) => boolean;
  within: Duration;
}): Verify<S, P> {
  const { check } = spec;
  return { ...spec, check: typeof check === "function" ? check : () => check };
}

/** A remedy the machine can carry out once a human approves. */
export interface ExecutableRemedy<S, P> {
  readonly title: string;
  readonly risk: Risk;
  /** The calls, in order. An empty list: nothing to do, the remedy is not offered. */
  do(seen: S, context: RunContext<P>): readonly Call[];
  readonly verify: Verify<S, P>;
  /** `actions`: every call is taken back by its action's own undo, last first. Or why it cannot be. */
  readonly undo: "actions" | `none: ${string}`;
  readonly advice?: never;
}

/** A remedy a human carries out. */
export interface Advice<S, P> {
  readonly title?: string;
  readonly risk: Risk;
  readonly advice: string | ((seen: S, context: RunContext<P>) => string);
}

/** One write of a remedy that was made: what was approved of it, and what it returned. */
export interface Done<I = unknown, O = unknown> {
  readonly input: I;
  readonly output: O;
}

/** A remedy the machine carries out, as the engine sees it. */
export interface AnyExecutable {
  readonly title: string;
  readonly risk: Risk;
  do(seen: AnySeen, context: RunContext): readonly Call[];
  readonly undo: "actions" | NoUndo;
  /** What must hold besides what its actions promise themselves. The reads are frozen with the plan. */
  readonly verify: {
    readonly within: Duration;
    check(seen: AnySeen, context: RunContext): Steps;
    holds(
      after: AnySeen,
      given: { readonly before: AnySeen; readonly done: readonly Done[] },
      context: RunContext,
    ): boolean;
  };
  readonly advice?: never;
}

/** A runbook as the engine sees it: types erased, everything it returns is checked again. */
export interface Runbook
  extends Required<
    Pick<RunbookHead<z.ZodObject>, "id" | "title" | "needs" | "covers" | "params" | "alerts">
  > {
  readonly fromAlert?: ((labels: Readonly<Record<string, string>>) => Record<string, unknown>) | undefined;
  /** Troubles (by id) it explains itself, with rules of its own: the connectors' words on them are left out. */
  readonly explains?: "all" | readonly string[] | undefined;
  readonly stages: readonly ((seen: AnySeen, context: RunContext) => Steps)[];
  findings(seen: AnySeen, context: RunContext): readonly Finding[];
  readonly remedies: Readonly<Record<string, AnyRemedy>>;
}
export type AnySeen = Readonly<Record<string, Seen<unknown>>>;
export type AnyRemedy = AnyExecutable | Advice<AnySeen, RunContext["params"]>;

/** The head of a runbook file. */
export interface RunbookHead<P extends z.ZodObject> {
  /** The file's name, e.g. `pg-pool-exhausted`. */
  readonly id: string;
  readonly title: string;
  /** Kinds of connection the system must have. */
  readonly needs: readonly Kind[];
  /** Ids of the guides' catalogue that this runbook carries out. */
  readonly covers: readonly string[];
  /** Alerts that start it: all labels of one entry must match. */
  readonly alerts?: readonly LabelMatch[];
  /** Parameters people may give; every one needs a default or `.optional()`, and `.describe()` for the form. */
  readonly params: P;
  /** Parameters taken from an alert's labels (checked by `params`, dropped where they do not fit). */
  readonly fromAlert?: (labels: Readonly<Record<string, string>>) => Record<string, unknown>;
}

type RemedyOf<S, P> = ExecutableRemedy<S, P> | Advice<S, P>;

interface WithFindings<S, P, R extends string> {
  /** A remedy named by a finding must be given here, or it does not compile. */
  remedies(remedies: Readonly<Record<R, RemedyOf<S, P>>>): Runbook;
}

/** Stage by stage, so that later steps, findings and remedies are typed by what earlier stages return. */
interface Stage<P, S extends Steps> {
  /** A later stage may use what earlier ones returned. Return `{}` to do nothing more. */
  andThen<N extends Steps>(next: (seen: Outputs<S>, context: RunContext<P>) => N): Stage<P, S & N>;
  /** Pure: evaluated again on resume, with the same result. */
  findings<const R extends string = never>(
    find: (seen: Outputs<S>, context: RunContext<P>) => readonly Finding<R>[],
  ): WithFindings<Outputs<S>, P, R>;
}

/** Begins a runbook; see DESIGN in docs and any file of runbooks/. */
export function runbook<P extends z.ZodObject>(
  head: RunbookHead<P>,
): {
  diagnose<S extends Steps>(
    first: (params: z.output<P>, context: RunContext<z.output<P>>) => S,
  ): Stage<z.output<P>, S>;
} {
  return {
    diagnose: (first) =>
      stage(head as unknown as RunbookHead<z.ZodObject>, [
        (_seen, context) => first(context.params as never, context as never),
      ]) as never,
  };
}

function stage(head: RunbookHead<z.ZodObject>, stages: Runbook["stages"]): unknown {
  return {
    andThen: (next: Runbook["stages"][number]) => stage(head, [...stages, next]),
    findings: (findings: Runbook["findings"]) => ({
      remedies: (remedies: Readonly<Record<string, RemedyOf<AnySeen, RunContext["params"]>>>): Runbook => ({
        alerts: [],
        ...head,
        explains: "all",
        stages,
        findings,
        remedies: Object.fromEntries(Object.entries(remedies).map(([key, one]) => [key, erased(one)])),
      }),
    }),
  };
}

function erased(remedy: RemedyOf<AnySeen, RunContext["params"]>): AnyRemedy {
  if (remedy.advice !== undefined) return remedy;
  const { check, holds, within } = remedy.verify;
  return {
    ...remedy,
    verify: {
      within,
      check,
      holds: (after, { before }, context) => holds(after as never, before, context),
    },
  };
}
