import type { Matcher, Route, RoutedAlert } from "../words/route.ts";

/** The value a matcher looks at. */
export const valueFor = (matcher: Pick<Matcher, "of" | "name">, alert: RoutedAlert): string => {
  const all = matcher.of === "label" ? alert.labels : alert.annotations;
  return Object.hasOwn(all, matcher.name) ? (all[matcher.name] ?? "") : "";
};

/** The first route all of whose matchers fit. */
export const routeOf = (routes: readonly Route[], alert: RoutedAlert): Route | undefined =>
  routes.find(({ match }) => match.every((matcher) => matcher.test(valueFor(matcher, alert))));

/** `route 2 (alertname=~"Pg.*", env!="dev")`, for people. */
export const nameRoute = ({ number, match }: Route): string =>
  `route ${number} (${match.length === 0 ? "takes everything" : match.map(({ text }) => text).join(", ")})`;

/** One matcher of a route, held against an alert. */
export interface TriedMatcher {
  readonly matcher: string;
  /** What the alert has there; empty: it has nothing. */
  readonly value: string;
  readonly fits: boolean;
}

/** One route, held against an alert. */
export interface TriedRoute {
  readonly route: number;
  readonly matchers: readonly TriedMatcher[];
  readonly takes: boolean;
}

/** Every route up to the one that takes the alert, matcher by matcher. */
export function trailOf(routes: readonly Route[], alert: RoutedAlert): TriedRoute[] {
  const tried: TriedRoute[] = [];
  for (const { number, match } of routes) {
    const matchers = match.map((matcher) => {
      const value = valueFor(matcher, alert);
      return { matcher: matcher.text, value, fits: matcher.test(value) };
    });
    const takes = matchers.every(({ fits }) => fits);
    tried.push({ route: number, matchers, takes });
    if (takes) break;
  }
  return tried;
}
