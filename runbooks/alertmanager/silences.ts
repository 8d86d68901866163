import {
  type alertmanager,
  clip,
  type Evidence,
  type OutputOf,
  rows,
  sayDuration,
} from "../../src/sdk/index.ts";

export type State = OutputOf<typeof alertmanager.state>;
export type Silence = State["silences"][number];

/** `alertname="A", job=~"api.*"`. */
export const sayMatchers = ({ matchers }: Silence): string =>
  matchers
    .map(
      ({ name, value, isRegex, isEqual }) =>
        `${name}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}"${value}"`,
    )
    .join(", ");

/** Silences that hide an alert now. */
export const hidden = ({ silences, alerts }: State): Silence[] =>
  silences.filter(({ id }) => alerts.some(({ silencedBy }) => silencedBy.includes(id)));

/** A pattern that anything fits, be it one of several. */
const ANYTHING = /^(?:\^?\.[*+]\$?)$/;
const fitsAnything = (pattern: string): boolean =>
  pattern
    .replace(/^\((?:\?:)?|\)$/g, "")
    .split("|")
    .some((one) => ANYTHING.test(one.trim()));

/** Those that hold and name no alert: by label alone, by a pattern anything fits, or by what an alert is not. */
export const wideOnes = ({ silences }: State): Silence[] =>
  silences.filter(
    ({ state, matchers }) =>
      state === "active" &&
      !matchers.some(
        ({ name, value, isRegex, isEqual }) =>
          name === "alertname" && isEqual && !(isRegex && fitsAnything(value)),
      ),
  );

/** The labels that all alerts of that name have alike, where one fires that nobody has silenced; undefined: none does. */
export function toSilence({ alerts }: State, name: string | undefined): Record<string, string> | undefined {
  const mine = alerts.filter((one) => one.name === name && one.silencedBy.length === 0);
  const [first] = mine;
  if (name === undefined || first === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(first.labels).filter(
      ([label, value]) => value !== "" && mine.every(({ labels }) => labels[label] === value),
    ),
  );
}

/** How long it goes on. */
export const left = ({ endsAt }: Silence, now: Date): string =>
  sayDuration(Math.max(0, Date.parse(endsAt) - now.getTime()));

/** A table of silences, with what each hides. */
export const shown = (silences: readonly Silence[], state: State, now: Date): Evidence =>
  rows("", silences, {
    matchers: (one) => clip(sayMatchers(one), 120),
    by: (one) => one.by,
    comment: (one) => one.comment,
    left: (one) => (one.state === "pending" ? "has not begun" : left(one, now)),
    hides: (one) => state.alerts.filter(({ silencedBy }) => silencedBy.includes(one.id)).length,
    id: (one) => one.id,
  });
