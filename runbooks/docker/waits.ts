import { shellWord } from "../../src/sdk/index.ts";
import type { Container, Problem } from "./cause.ts";

interface Unmet {
  readonly service: string;
  /** `is unhealthy`. */
  readonly state: string;
  /** It will be met by itself: it is still starting, or a job still runs. */
  readonly isComing: boolean;
}

/** What compose waits for before it starts the container, of which it is not yet so. Pure. */
export const unmetOf = (one: Container, all: readonly Container[]): Unmet[] =>
  one.dependsOn.flatMap(({ service, condition }) => {
    const mine = all.filter((other) => other.service === service && !other.oneOff);
    if (mine.length === 0) return [{ service, state: "has no container", isComing: false }];
    const unmet = mine.map((other) => stateOf(other, condition)).find((state) => state !== undefined);
    return unmet === undefined ? [] : [{ service, ...unmet }];
  });

type Said = Omit<Unmet, "service"> | undefined;

const is = (state: string, isComing = false): Said => ({ state, isComing });

const isStarted = ({ startedAt }: Container): boolean => Date.parse(startedAt) > 0;

/** How one container does not meet a condition of `depends_on`; undefined: it does. */
const CONDITIONS: Readonly<Record<string, (one: Container) => Said>> = {
  service_started: (one) => (isStarted(one) ? undefined : is("was never started")),
  service_completed_successfully: (one) => {
    if (!isStarted(one)) return is("was never started");
    if (one.state === "running") return is("still runs", true);
    return one.state === "exited" && one.exitCode === 0
      ? undefined
      : is(`ended with exit code ${one.exitCode}`);
  },
  service_healthy: (one) => {
    if (!isStarted(one)) return is("was never started");
    return one.state === "running" ? HEALTH[one.health] : is(`is ${one.state}`);
  },
};

const HEALTH: Readonly<Record<Container["health"], Said>> = {
  healthy: undefined,
  none: is("has no health check, so it is never called healthy"),
  starting: is("is still starting", true),
  unhealthy: is("is unhealthy"),
};

const stateOf = (one: Container, condition: string): Said =>
  (CONDITIONS[condition] ?? CONDITIONS.service_started)?.(one);

/** A container that compose made and did not start: what it waits for, or that nothing keeps it any more. Pure. */
export function neverStarted(one: Container, all: readonly Container[]): Problem {
  const unmet = unmetOf(one, all);
  if (unmet.length === 0)
    return {
      kind: "stopped",
      container: one,
      severity: "critical",
      title: `${one.name} was created but never started`,
      because:
        one.dependsOn.length === 0
          ? "The engine was never asked to start it: it was only created, or the `up` that made it was broken off."
          : "What it depends on is as it should be now: the `up` that made it did not wait so long, or was broken off.",
      advice: [],
      acts: one.protected ? [] : ["start"],
    };
  const isComing = unmet.every((one) => one.isComing);
  const said = unmet.map(({ service, state }) => `${service}, which ${state}`).join("; ");
  const services = unmet.map(({ service }) => service).join(", ");
  return {
    kind: "waits",
    container: one,
    severity: isComing ? "info" : "critical",
    title: `${one.name} was never started: it waits for ${said}`,
    because:
      "Compose starts it only once that is so (`depends_on`). Starting it by hand would start it without.",
    advice: [
      {
        key: "repairDependency",
        text: `Repair ${services} first, then \`docker compose up -d ${shellWord(one.service)}\`.`,
      },
    ],
    acts: [],
  };
}

/** A job that others wait for until it is done: it ends by itself. */
export const isAwaitedJob = (one: Container, all: readonly Container[]): boolean =>
  all.some(({ dependsOn }) =>
    dependsOn.some(
      ({ service, condition }) => service === one.service && condition === "service_completed_successfully",
    ),
  );

/** The containers asked about and, of those, what they depend on: the cause is often there. Pure. */
export function withDependencies(
  asked: readonly Container[],
  all: readonly Container[],
): readonly Container[] {
  const found = new Set(asked);
  // A set goes on with what is added while it is walked through.
  for (const one of found)
    for (const { service } of one.dependsOn)
      for (const other of all) if (other.service === service && !other.oneOff) found.add(other);
  return [...found];
}
