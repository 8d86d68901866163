import type { Call } from "../core/words/action.ts";
import type { Seen } from "../core/words/outcome.ts";
import type { AnySeen } from "../core/words/runbook.ts";

type ValueOf<C> = C extends Call<infer Out> ? Out : never;
type BaseOf<N> = N extends `${infer Name}?` ? Name : never;

/** A step a rule is about. With a `?` behind its name the rule also runs where the step has no value. */
export type StepName<S> = (keyof S & string) | `${keyof S & string}?`;

/** The values of the named steps; those named with a `?` may be missing. */
export type Given<S, N extends StepName<S>> = {
  readonly [K in Extract<N, keyof S>]: ValueOf<S[K]>;
} & { readonly [K in Extract<BaseOf<N>, keyof S>]?: ValueOf<S[K]> };

type SeenOf<C> = C extends Call<infer Out> | undefined ? Seen<Out> : never;

/** Values or errors of the named steps, for the few rules that diagnose from an error. */
export type GivenSeen<S, N extends keyof S> = { readonly [K in N]: SeenOf<S[K]> };

/** Values or errors of all steps; those of a skipped stage are missing. */
export type AllSeen<S> = { readonly [K in keyof S]?: SeenOf<S[K]> };

/** Whatever has a value. */
export type GivenSome<S> = { readonly [K in keyof S]?: ValueOf<S[K]> };

/** All steps of a book by name, to type helper functions: `type Steps = StepsOf<typeof book>`. */
export type StepsOf<B> = B extends { readonly __steps?: infer S }
  ? { readonly [K in keyof NonNullable<S>]-?: ValueOf<NonNullable<S>[K]> }
  : never;

/** The value of a step that was seen; undefined where it errored or was not made. */
export const valueIn = <T>(one: Seen<T> | undefined): T | undefined => (one?.ok ? one.value : undefined);

/** The values of those steps that have one. */
export const valuesOf = (seen: AnySeen): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(seen).flatMap(([name, one]) => (one.ok ? [[name, one.value]] : [])));

/** Values of the named steps; undefined where one that is needed has none. */
export function given(
  seen: AnySeen,
  names: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const values = valuesOf(seen);
  if (!names.every((name) => name.endsWith("?") || name in values)) return undefined;
  const wanted = names.map((name) => name.replace(/\?$/, ""));
  return Object.fromEntries(wanted.flatMap((name) => (name in values ? [[name, values[name]]] : [])));
}
