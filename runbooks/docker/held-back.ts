import {
  clip,
  type docker,
  type Finding,
  facts,
  type OutputOf,
  type RunContext,
  sayPercent,
} from "../../src/sdk/index.ts";
import type { Container, List } from "./cause.ts";
import { type AskedOf, problemsOf, type Sight } from "./problems.ts";
import { THROTTLED } from "./up.ts";

type Usage = OutputOf<typeof docker.stats>["usage"][number];

/** Containers that one approval may change. */
const MOST = 5;
/** One approval gives it at most so many times what it may use now. */
const STEP = 2;

/** Its CPU limit has held it back in most of the last second. */
export const isHeldBack = ({ throttled }: Pick<Usage, "throttled">): boolean => (throttled ?? 0) >= THROTTLED;

/** What was seen of the engine, with the usage that was measured. */
export type Measured = Omit<Sight, "usage"> & {
  readonly list: List;
  readonly usage: { readonly usage: readonly Usage[] };
};
type Asked = AskedOf & Pick<RunContext<unknown>, "alert">;

/** Those that are held back and have no problem of their own: what slows those is said there. */
function slowed(seen: Measured, context: Asked): readonly Usage[] {
  const held = seen.usage.usage.filter(isHeldBack);
  if (held.length === 0) return held;
  const failing = problemsOf(seen, context).map(({ container }) => container.id);
  return held.filter(({ container }) => !failing.includes(container));
}

/**
 * Containers that run and that their CPU limit stops: slow, though the machine may be idle (kernel.org scheduler/sched-bwc). One
 * second may be a start or a burst: without an alert about it, the periods since its start decide. Pure.
 */
export const heldBack = (seen: Measured, context: Asked): Finding<"raiseCpu" | "fitThreads">[] => {
  const { containers } = seen.list;
  // An alert about these containers says that what one second shows is not a burst.
  const isAlerted = context.alert !== undefined && context.params.service !== undefined;
  return slowed(seen, context).map((one) => {
    const since = one.throttledSinceStart ?? null;
    const isLasting = isAlerted || (since !== null && since >= THROTTLED);
    const mayRaise = raisedOf(one, containers) !== undefined;
    return {
      id: `held-back:${one.name}`,
      severity: isLasting ? "warning" : "info",
      title: `${clip(one.name, 120)} is stopped by its CPU limit in ${sayPercent(one.throttled ?? 0)} of its periods`,
      because: `${sayShare(one)}; once that is gone it stands still for the rest of each 100 ms, and requests that come then wait.${isLasting ? "" : " Since its start it was not so: this may be a start or a burst."} Either the limit is too low for its work, or it has more threads at once than the limit has CPUs; to tell them apart: how many of its threads run (\`docker top\`).`,
      evidence: [
        facts({
          "stopped, last second": sayPercent(one.throttled ?? 0),
          "stopped, since its start": since === null ? "unknown" : sayPercent(since),
          "CPUs used": one.cpus?.toFixed(2) ?? "unknown",
          "CPU limit": limitOf(one, containers) || "a quota",
        }),
      ],
      remedies: [...(mayRaise ? (["raiseCpu"] as const) : []), "fitThreads"],
    };
  });
};

const sayShare = ({ cpus }: Usage): string =>
  `It uses up its share${cpus === null ? "" : ` (${cpus.toFixed(2)} CPUs)`}`;

const limitOf = ({ container }: Pick<Usage, "container">, containers: readonly Container[]): number =>
  containers.find(({ id }) => id === container)?.cpuLimit ?? 0;

/** The limits that one approval may set: twice what they are. Pure. */
export const raised = (seen: Measured, context: Asked) =>
  slowed(seen, context)
    .flatMap((one) => raisedOf(one, seen.list.containers) ?? [])
    .slice(0, MOST);

/** Each of those that were given more was measured and is not held back any more: one that has ended proves nothing. */
export const isFree = (usage: readonly Usage[], given: readonly string[]): boolean =>
  given.every((id) => usage.some((one) => one.container === id && one.cpus !== null && !isHeldBack(one)));

/** The same container with a limit it may outgrow; undefined: it has none that can be set, or is not to be touched. */
function raisedOf({ container }: Pick<Usage, "container">, containers: readonly Container[]) {
  const one = containers.find(({ id }) => id === container);
  // What is written as a quota (`cpu_quota`) is changed where it is written: the engine takes only one of both.
  if (one === undefined || one.protected || one.isTask || !(one.cpuLimit ?? 0)) return undefined;
  const { id, name, state, startedAt, cpuLimit = 0 } = one;
  return { container: id, name, state, startedAt, cpus: Math.ceil(cpuLimit * STEP * 100) / 100 };
}

/** What to do for good. */
export const FIT_THREADS = [
  "Let it start as many threads as it may use CPUs",
  "low",
  "GOMAXPROCS, -XX:ActiveProcessorCount, UV_THREADPOOL_SIZE, workers of the server: a program that sees all CPUs of the machine starts a thread for each, and they use up its share within milliseconds. That often is enough. Otherwise `cpus:` of the service in the compose file: a limit set by diagbot holds until the container is made anew.",
] as const;
