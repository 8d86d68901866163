import type { Call, docker, Finding, RunContext, Seen } from "../../src/sdk.ts";
import { agoWords, exitWords, mebibytes, portOf } from "./container-words.ts";

type Out<C> = C extends (...input: never[]) => Call<infer O> ? O : never;
type List = Out<typeof docker.containers>;
export type Container = List["containers"][number];
type Event = Out<typeof docker.events>["events"][number];
type Engine = Out<typeof docker.ping>;
export interface ContainerView {
  readonly engine: Seen<Engine>;
  readonly list: Seen<List>;
  readonly events: Seen<Out<typeof docker.events>>;
}
export type ContainerContext = RunContext<{ service?: string | undefined; stableSeconds: number }>;
export type ContainerRemedy =
  | "start"
  | "restart"
  | "fixCrash"
  | "raiseMemory"
  | "freePort"
  | "fixStart"
  | "recreate"
  | "startProject"
  | "reachEngine";

/** What is wrong with one container, judged from what was recorded. */
export interface Trouble {
  readonly kind:
    | "loop"
    | "memory"
    | "unhealthy"
    | "paused"
    | "port"
    | "start"
    | "exited"
    | "stopped"
    | "dead";
  readonly container: Container;
  readonly severity: Finding["severity"];
  readonly title: string;
  readonly because: string;
  readonly remedies: readonly ContainerRemedy[];
}

/** Restarts by the engine beyond which it is a loop, where the last start is this recent. */
const LOOP_RESTARTS = 3;
const LOOP_SECONDS = 300;

/** The containers asked about: all, or those of one service. */
export function containersOf(view: ContainerView, { params }: ContainerContext): readonly Container[] {
  if (!view.list.ok) return [];
  const all = view.list.value.containers.filter(({ oneOff }) => !oneOff);
  const { service } = params;
  return service === undefined ? all : all.filter((one) => one.service === service || one.name === service);
}

/** Everything wrong, gravest state of each container first. */
export const troublesOf = (view: ContainerView, context: ContainerContext): Trouble[] =>
  containersOf(view, context).flatMap((container) => {
    const trouble = troubleOf(container, view, context);
    return trouble === undefined ? [] : [trouble];
  });

function troubleOf(one: Container, view: ContainerView, context: ContainerContext): Trouble | undefined {
  const mine = view.events.ok ? view.events.value.events.filter(({ container }) => container === one.id) : [];
  const ooms = mine.filter(({ what }) => what === "oom").length;
  if (isLooping(one)) return ooms > 0 || one.oomKilled ? outOfMemory(one, true) : looping(one);
  if (one.state === "running") {
    if (one.health === "unhealthy") return unhealthy(one);
    return ooms > 0 && one.memoryLimit > 0 ? outOfMemory(one, false) : undefined;
  }
  return down(one, mine, view, context);
}

/** It does not run: why, and what brings it back. */
function down(
  one: Container,
  mine: readonly Event[],
  view: ContainerView,
  context: ContainerContext,
): Trouble | undefined {
  if (one.state === "paused")
    return make(
      "paused",
      one,
      "critical",
      "is paused",
      "All its processes are frozen: it accepts connections and never answers.",
      ["start"],
    );
  if (one.state === "dead")
    return make(
      "dead",
      one,
      "critical",
      "is dead",
      "The engine could not remove or stop it completely; it cannot be started any more.",
      ["recreate"],
    );
  if (one.state === "removing") return undefined;
  if (one.error !== "" && one.exitCode !== 0) return didNotStart(one, view);
  if (one.oomKilled) return outOfMemory(one, false);
  return stopped(one, mine, context);
}

const isLooping = (one: Container): boolean =>
  one.state === "restarting" ||
  (one.restartCount >= LOOP_RESTARTS && one.state === "running" && (one.uptimeSeconds ?? 0) < LOOP_SECONDS);

function make(
  kind: Trouble["kind"],
  container: Container,
  severity: Finding["severity"],
  what: string,
  because: string,
  remedies: readonly ContainerRemedy[],
): Trouble {
  const title = `${container.name} ${what}`;
  return { kind, container, severity, title, because, remedies };
}

const looping = (one: Container): Trouble =>
  make(
    "loop",
    one,
    "critical",
    `restarts again and again (${one.restartCount} restarts, last exit code ${one.exitCode})`,
    `It ends soon after every start and its restart policy (${one.restartPolicy}) brings it back: ${exitWords(one.exitCode)}. One more restart will not help; its last lines say why.`,
    ["fixCrash"],
  );

function outOfMemory(one: Container, again: boolean): Trouble {
  const limit = one.memoryLimit > 0;
  const down = one.state === "exited";
  const what = again
    ? `runs out of memory again and again (${one.restartCount} restarts)`
    : down
      ? "was killed for memory and is down"
      : "had a process killed for memory within the last hour";
  return make(
    "memory",
    one,
    one.state === "running" && !again ? "warning" : "critical",
    what,
    limit
      ? `The kernel killed it at its memory limit of ${mebibytes(one.memoryLimit)} (OOMKilled, exit code ${one.exitCode}).`
      : `It has no memory limit of its own: the machine ran out of memory (OOMKilled, exit code ${one.exitCode}).`,
    down && !one.protected ? ["raiseMemory", "start"] : ["raiseMemory"],
  );
}

const unhealthy = (one: Container): Trouble =>
  make(
    "unhealthy",
    one,
    "critical",
    `is unhealthy (${one.failingStreak} failed health checks in a row)`,
    `It runs, but its own health check fails${one.lastProbe === "" ? "" : `: ${one.lastProbe.split("\n")[0]}`}.`,
    one.protected ? ["fixCrash"] : ["restart", "fixCrash"],
  );

/** The engine itself said why: port taken, program missing, no permission, no such network or mount. */
function didNotStart(one: Container, view: ContainerView): Trouble {
  const port = portOf(one.error);
  if (port === undefined)
    return make("start", one, "critical", "could not be started", `The engine says: ${one.error}`, [
      "fixStart",
    ]);
  const others = view.list.ok ? view.list.value.containers : [];
  const owner = others.find(
    (other) =>
      other.id !== one.id &&
      other.state === "running" &&
      other.ports.some(({ hostPort }) => hostPort === port),
  );
  const who = owner === undefined ? "a process or container outside this project" : `container ${owner.name}`;
  return make(
    "port",
    one,
    "critical",
    `could not be started: port ${port} is taken`,
    `${who} has port ${port} of the machine.`,
    ["freePort"],
  );
}

function stopped(one: Container, mine: readonly Event[], context: ContainerContext): Trouble | undefined {
  const start: ContainerRemedy[] = one.protected ? ["fixStart"] : ["start"];
  if (one.state === "created")
    return make(
      "stopped",
      one,
      "critical",
      "was created but never started",
      "The engine was never asked to start it, or what it depends on did not come up.",
      start,
    );
  const requested = mine.some(({ what }) => what === "stop");
  const since = agoWords(one.finishedAt, context.now);
  if (requested)
    return make(
      "stopped",
      one,
      "critical",
      `was stopped on request ${since}`,
      `Somebody, or something, asked the engine to stop it (exit code ${one.exitCode}).`,
      start,
    );
  // Jobs end: no port, no health check, no restart policy, exit code 0.
  const isService =
    one.ports.length > 0 || one.health !== "none" || !["no", "on-failure"].includes(one.restartPolicy);
  const asked = context.params.service !== undefined;
  if (one.exitCode === 0)
    return isService || asked
      ? make(
          "stopped",
          one,
          "critical",
          `has ended ${since} (exit code 0)`,
          "It is meant to run on, and ended without an error.",
          start,
        )
      : undefined;
  return make(
    "exited",
    one,
    "critical",
    `exited with code ${one.exitCode} ${since}`,
    `It is down: ${exitWords(one.exitCode)}.`,
    [...start, "fixCrash"],
  );
}
