import { type Container, idOf, type Log, type Problem } from "./cause.ts";
import { needsAnother } from "./ends.ts";

/** Lines from the end of a log, and characters of each, that may name who is missing. */
const READ_LINES = 8;
const READ_CHARACTERS = 500;

/** Kinds of problem of a container that others cannot use. */
const DOWN = new Set([
  "stopped",
  "exited",
  "loop",
  "start",
  "port",
  "memory",
  "unhealthy",
  "paused",
  "dead",
  "waits",
]);
/** Kinds that may be no more than the effect of another container's. */
const EFFECTS = new Set(["exited", "loop", "unhealthy", "crashed"]);

/**
 * Which problems follow from another container's: who waits for it by `depends_on`, and who says itself that it does not reach
 * it. By the id of the cause; pure.
 */
export function effectsOf(
  problems: readonly Problem[],
  logs: readonly Log[],
): ReadonlyMap<string, readonly string[]> {
  const follows = (effect: Problem, cause: Problem): boolean =>
    effect.container !== cause.container &&
    ((effect.kind === "waits" && depends(effect.container, cause.container)) ||
      (EFFECTS.has(effect.kind) &&
        DOWN.has(cause.kind) &&
        isMissed(effect.container, cause.container, logs)));
  return new Map(
    problems.map((cause) => [
      idOf(cause),
      problems
        // Two that miss each other: neither is the cause.
        .filter((effect) => follows(effect, cause) && !follows(cause, effect))
        .map(idOf),
    ]),
  );
}

const depends = (one: Container, other: Container): boolean =>
  one.dependsOn.some(({ service }) => service === other.service);

/** It says that it does not reach another, and that names this one or is declared to be what it depends on. */
function isMissed(one: Container, other: Container, logs: readonly Log[]): boolean {
  const log = logs.find(({ container }) => container === one.id);
  const said = [...(log?.lines.slice(-READ_LINES) ?? []), one.lastProbe?.output ?? ""].map((line) =>
    line.slice(0, READ_CHARACTERS),
  );
  return needsAnother(said) && (depends(one, other) || names(said, other));
}

/** The lines name the service or container where a host stands: in an address, a URL, a message; not as a part of a path. */
export const names = (
  lines: readonly string[],
  { service, name }: Pick<Container, "service" | "name">,
): boolean =>
  lines.some((line) => {
    const words = line
      .toLowerCase()
      .replaceAll("//", " ")
      .split(/[^a-z0-9_./-]+/);
    const hosts = words.map((word) => word.split(/[/.]/, 1)[0]);
    return hosts.includes(service.toLowerCase()) || hosts.includes(name.toLowerCase());
  });
