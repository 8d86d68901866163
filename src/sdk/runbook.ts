import type { z } from "zod";
import type { KindName } from "../connectors/index.ts";
import type { Steps } from "../core/words/action.ts";
import type { Kind } from "../core/words/connection.ts";
import type { Finding } from "../core/words/finding.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { AnyRemedy, AnySeen, Runbook, RunContext } from "../core/words/runbook.ts";
import type { LabelMatch } from "../core/words/system.ts";
import { VERSION } from "../version.ts";
import { running } from "./declared.ts";
import { digestOf } from "./digest.ts";
import { type AllSeen, type Given, type GivenSeen, given, type StepName } from "./given.ts";
import { markBook, markRunbook } from "./made.ts";
import { advising, type BookSteps, doing, listOf, type RemedyMakers, type Some } from "./remedies.ts";
import { withThresholds } from "./threshold.ts";

/** The head of a runbook file. */
export interface Head<P extends z.ZodObject> {
  /** The file's name, e.g. `pg-pool-exhausted`. */
  readonly id: string;
  readonly title: string;
  /** Ids of the guides' catalogue that this runbook carries out. */
  readonly covers?: readonly string[];
  /** Alerts that start it by default: a name, or labels that must all match. */
  readonly alerts?: readonly (string | LabelMatch)[];
  /** Parameters people may give; every one needs a default, `.optional()` or `orThreshold`, and a description for the form. */
  readonly params: P;
  /** Parameters taken from an alert's labels (checked by `params`, dropped where they do not fit). */
  readonly fromAlert?: (labels: Readonly<Record<string, string>>) => Record<string, unknown>;
  /** Troubles (by id) it explains itself, with `find.seen`: the connectors' own words on them are left out. */
  readonly explains?: "all" | readonly string[];
  /** Its rules compare with what the last finished run on the same connections saw: `context.before`. */
  readonly compares?: true;
}

/** A rule and the steps it needs; made by `find`. */
export interface Rule {
  /** What its author wrote, for the runbook's digest. */
  readonly source: readonly unknown[];
  readonly judge: (seen: AnySeen, context: RunContext) => readonly Finding[];
}

export interface Find<P, S, R extends string> {
  /** A rule over the values of the named steps. Where one of them errored it is silent: the coverage line says so already. */
  <const N extends StepName<S>>(
    steps: readonly N[],
    rule: (values: Given<S, N>, context: RunContext<P>) => Some<Finding<R>>,
  ): Rule;
  /** A rule that diagnoses from errors as well: a refused connection _is_ the finding. */
  seen<const N extends keyof S & string>(
    steps: readonly N[],
    rule: (seen: GivenSeen<S, N>, context: RunContext<P>) => Some<Finding<R>>,
  ): Rule;
  /** A rule over every step as it was seen, for books whose steps are named at run time: one per connection, mostly. */
  all(rule: (seen: AllSeen<S>, context: RunContext<P>) => Some<Finding<R>>): Rule;
}

/** Adds a later stage to a book. */
export interface AndThen<P, S> {
  /** A later stage, from the values of earlier steps; skipped where one it needs has none. */
  <const N extends StepName<S>, T extends Steps>(
    steps: readonly N[],
    next: (values: Given<S, N>, context: RunContext<P>) => T,
  ): Book<P, S & T>;
  /** The same from every step as it was seen, for what is to be asked about an error. */
  all<T extends Steps>(next: (seen: AllSeen<S>, context: RunContext<P>) => T): Book<P, S & T>;
}

/** A runbook being written: its steps are known, its remedies and findings follow. */
export interface Book<P, S> extends RemedyMakers<P, S> {
  readonly __steps?: S;
  readonly andThen: AndThen<P, S>;
  /** By key. A finding may name these and no others, or it does not compile. */
  remedies<R extends string>(
    remedies: Readonly<Record<R, AnyRemedy>>,
  ): {
    /** Pure rules, in order of importance within a severity; evaluated again on resume, with the same result. */
    findings(rules: (find: Find<P, S, R>) => readonly Rule[]): Runbook;
  };
}

interface Stage {
  readonly plan: Runbook["stages"][number];
  readonly source: readonly unknown[];
}

/** A kind of connection: the name of one that comes with diagbot, or a pack's own kind itself. */
type OnKind = KindName | ConnectionKind;

/**
 * Begins a runbook on a kind of connection, or several: `runbookOn("postgres", head, ({ params }) => ({ …steps }))`. The
 * steps run in parallel; each has a time limit, and one that errors never hides the others.
 */
export function runbookOn<P extends z.ZodObject, S extends Steps>(
  on: OnKind | readonly OnKind[],
  head: Head<P>,
  steps: (context: RunContext<z.output<P>>) => S,
): Book<z.output<P>, S> {
  const needs = [on].flat() as OnKind[];
  const fill = (context: RunContext) => withThresholds<z.output<P>>(head.params, context);
  const plan: Stage["plan"] = (_seen, context) => steps(fill(context));
  return bookOf<z.output<P>, S>(head, needs, fill as BookSteps["fill"], [{ plan, source: [steps] }]);
}

function bookOf<P, S>(
  head: Head<z.ZodObject>,
  needs: readonly OnKind[],
  fill: BookSteps["fill"],
  stages: readonly Stage[],
): Book<P, S> {
  const book: BookSteps = {
    fill,
    callsOf: (seen, context) => Object.assign({}, ...stages.map(({ plan }) => plan(seen, context))),
  };
  const then = (plan: Stage["plan"], ...source: readonly unknown[]) =>
    bookOf(head, needs, fill, [...stages, { plan, source }]);
  return markBook<Book<P, S>>({
    andThen: Object.assign(
      (names: readonly string[], next: (values: never, context: RunContext<never>) => Steps) =>
        then(
          (seen, context) => {
            const values = given(seen, names);
            return values === undefined ? {} : next(values as never, fill(context));
          },
          names,
          next,
        ),
      {
        all: (next: (seen: never, context: RunContext<never>) => Steps) =>
          then((seen, context) => next(seen as never, fill(context)), next),
      },
    ) as never,
    does: (maker, names, input, more) => doing(book, maker, names, input as never, more as never),
    runs: (run, names, params) => running(book, run, names, params as never),
    advises: advising(book) as never,
    remedies: (remedies) =>
      markBook({
        findings: (rules) =>
          markRunbook(finished(head, needs, stages, remedies, rules(finder(fill) as never))),
      }),
  });
}

const finder = (fill: BookSteps["fill"]): Find<never, never, string> =>
  Object.assign(
    (names: readonly string[], rule: (values: never, context: never) => Some<Finding>): Rule => ({
      source: [names, rule],
      judge: (seen, context) => {
        const values = given(seen, names);
        return values === undefined ? [] : listOf(rule(values as never, fill(context) as never));
      },
    }),
    {
      seen: (names: readonly string[], rule: (seen: never, context: never) => Some<Finding>): Rule => ({
        source: ["seen", names, rule],
        judge: (seen, context) =>
          names.every((name) => name in seen) ? listOf(rule(seen as never, fill(context) as never)) : [],
      }),
      all: (rule: (seen: never, context: never) => Some<Finding>): Rule => ({
        source: ["all", rule],
        judge: (seen, context) => listOf(rule(seen as never, fill(context) as never)),
      }),
    },
  );

const nameOf = (on: OnKind): Kind => (typeof on === "string" ? on : on.name);

const kindsAmong = (needs: readonly OnKind[]): Pick<Runbook, "kinds"> => {
  const kinds = needs.filter((one) => typeof one !== "string");
  return kinds.length === 0 ? {} : { kinds };
};

const finished = (
  head: Head<z.ZodObject>,
  needs: readonly OnKind[],
  stages: readonly Stage[],
  remedies: Readonly<Record<string, AnyRemedy>>,
  rules: readonly Rule[],
): Runbook => ({
  id: head.id,
  title: head.title,
  needs: needs.map(nameOf),
  ...kindsAmong(needs),
  covers: head.covers ?? [],
  params: head.params,
  alerts: (head.alerts ?? []).map((alert) => (typeof alert === "string" ? { alertname: alert } : alert)),
  fromAlert: head.fromAlert,
  explains: head.explains,
  ...(head.compares === true ? { compares: true as const } : {}),
  version: VERSION,
  digest: digestOf([
    VERSION,
    head,
    needs.map(nameOf),
    stages.map(({ source }) => source),
    remedies,
    rules.map(({ source }) => source),
  ]),
  stages: stages.map(({ plan }) => plan),
  findings: (seen, context) => rules.flatMap(({ judge }) => judge(seen, context)),
  remedies,
});
