import { nameRoute } from "../core/rules/route.ts";
import type { Matcher, Route } from "../core/words/route.ts";

/** Cases a route is taken apart into; beyond that only single earlier routes are looked at. */
const MOST_CASES = 256;

type Conditions = readonly Matcher[];

/** Why no alert ever comes to this route; undefined: some may, as far as the matchers tell. Pure. */
export function whyDead(route: Route, earlier: readonly Route[]): string | undefined {
  const impossible = contradiction(route.match);
  if (impossible !== undefined) return `no alert fits it: ${impossible} cannot be true at once`;
  const all = casesOf(route.match);
  const takers = all.map((one) => earlier.find((other) => catches(other.match, one)));
  if (takers.includes(undefined)) return undefined;
  const names = [...new Set(takers.flatMap((taker) => (taker === undefined ? [] : nameRoute(taker))))];
  return `no alert comes to it: ${names.join(" and ")} ${names.length === 1 ? "takes" : "take"} all of them before`;
}

const looksAt = (one: Matcher, other: Matcher): boolean => one.of === other.of && one.name === other.name;

/** Whether everything that fits `wanted` fits these matchers, too. */
const catches = (matchers: Conditions, wanted: Conditions): boolean =>
  matchers.every((matcher) => wanted.some((given) => implies(given, matcher)));

function implies(given: Matcher, wanted: Matcher): boolean {
  if (!looksAt(given, wanted)) return false;
  if (given.operator === wanted.operator && given.value === wanted.value) return true;
  return given.choices?.every((value) => wanted.test(value)) ?? false;
}

/** Matchers on one label that leave no value. */
function contradiction(matchers: Conditions): string | undefined {
  for (const one of matchers) {
    const same = matchers.filter((other) => looksAt(one, other));
    if (one.choices?.every((value) => !same.every((other) => other.test(value))))
      return same.map(({ text }) => text).join(" and ");
    const opposite = same.find(
      (other) => other.value === one.value && other.operator === OPPOSITES[one.operator],
    );
    if (opposite !== undefined) return `${one.text} and ${opposite.text}`;
  }
  return undefined;
}

const OPPOSITES = { "=": "!=", "!=": "=", "=~": "!~", "!~": "=~" } as const;

/** The route as routes of single values: `a=~"x|y"` is `a="x"` and `a="y"`. */
function casesOf(matchers: Conditions): Conditions[] {
  return matchers.reduce<Conditions[]>(
    (cases, matcher) => {
      const values = matcher.choices ?? [];
      if (values.length < 2 || cases.length * values.length > MOST_CASES)
        return cases.map((one) => [...one, matcher]);
      return cases.flatMap((one) => values.map((value) => [...one, exactly(matcher, value)]));
    },
    [[]],
  );
}

const exactly = (matcher: Matcher, value: string): Matcher => ({
  ...matcher,
  operator: "=",
  value,
  choices: [value],
  test: (given) => given === value,
});
