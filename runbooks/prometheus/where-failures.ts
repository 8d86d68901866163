import { type prometheus, sayPercent } from "../../src/sdk/index.ts";
import { sayOneRoute } from "./trust.ts";

export type Measured = Extract<prometheus.ErrorRatio, { state: "measured" }>;
type Share = Measured["total"];

/** Most failures. */
const MOST = 0.8;
/** It fails so many times as often as everything else. */
const TIMES = 3;
/** So seldom would as many failures gather there by chance, had it failed like the rest. */
const BY_CHANCE = 0.01;

type Standing =
  /** Most failures are there, and more than its traffic or chance put there. */
  | "stands-out"
  /** Most failures are there because most requests are. */
  | "has-the-traffic"
  | "one-of-many";

/**
 * What it says that failures are where they are. A part with most of the requests has most of the failures of a fault that all
 * share, and two failures are on one instance of three every third time.
 */
export function standingOf(part: Share, all: Share, windowSeconds: number): Standing {
  if (all.errors === 0 || part.errors / all.errors < MOST) return "one-of-many";
  const traffic = all.total === 0 ? 1 : Math.min(1, part.total / all.total);
  const others = Math.max(0, all.total - part.total);
  const rest = others === 0 ? null : Math.max(0, all.errors - part.errors) / others;
  const chance = traffic ** (part.errors * windowSeconds);
  if (rest !== null && (part.ratio ?? 0) >= TIMES * rest && chance < BY_CHANCE) return "stands-out";
  return traffic >= MOST ? "has-the-traffic" : "one-of-many";
}

/** Concentrated on one route or instance, or everywhere: the first fork of the search. */
export function placeOf({ routes, instances, total, routeLabel, windowSeconds }: Measured): {
  short: string;
  long: string;
} {
  const [route] = routes;
  const [instance] = instances;
  const sayShare = ({ errors }: Share) => sayPercent(total.errors === 0 ? 0 : errors / total.errors);
  const onInstance = instance && standingOf(instance, total, windowSeconds);
  if (instance !== undefined && onInstance === "stands-out")
    return {
      short: `, nearly all on instance ${instance.name}`,
      long: `${sayShare(instance)} of the failures are on instance ${instance.name}: that one is broken, not the code.`,
    };
  if (routes.length === 1 && route !== undefined && route.total >= 0.99 * total.total)
    return { short: "", long: sayOneRoute(route.name, routeLabel) };
  if (route !== undefined && routes.length > 1 && standingOf(route, total, windowSeconds) === "stands-out")
    return {
      short: `, nearly all on ${route.name}`,
      long: `${sayShare(route)} of the failures are on ${route.name}: look at what only that route uses.`,
    };
  if (routes.length === 1 && route !== undefined)
    return { short: `, all on ${route.name}`, long: `All failures are on ${route.name}.` };
  if (routes.length > 1)
    return {
      short: `, spread over ${routes.length} routes`,
      long: `They are spread over ${routes.length} routes: look at what all share (database, cache, a dependency, a deployment).`,
    };
  return {
    short: "",
    long:
      instance !== undefined && onInstance === "has-the-traffic" && instances.length > 1
        ? `Instance ${instance.name} has ${sayShare(instance)} of the failures and most of the requests: that tells nothing about it.`
        : "",
  };
}
