import {
  type docker,
  type Finding,
  type OutputOf,
  type RunContext,
  saySeconds,
} from "../../src/sdk/index.ts";

type List = OutputOf<typeof docker.containers>;
type Events = OutputOf<typeof docker.events>;
export type Container = List["containers"][number];

/** Restarts by the engine beyond which it is a loop, where the last start is this recent. */
const LOOP_RESTARTS = 3;
const LOOP_SECONDS = 300;

/** The containers asked about: all, or those of one service. */
export function containersOf(list: List | undefined, service: string | undefined): readonly Container[] {
  const all = list?.containers.filter(({ oneOff }) => !oneOff) ?? [];
  return service === undefined ? all : all.filter((one) => one.service === service || one.name === service);
}

/** What is wrong with each container, judged from what was recorded. */
export const problemsOf = (
  { list, events }: { readonly list?: List; readonly events?: Events },
  context: Pick<RunContext<{ readonly service?: string | undefined }>, "params" | "now">,
) =>
  containersOf(list, context.params.service).flatMap((container) => {
    const problem = problemOf(container, list?.containers ?? [], events, context);
    return problem === undefined ? [] : [problem];
  });

function problemOf(
  one: Container,
  all: readonly Container[],
  events: Events | undefined,
  { params, now }: Parameters<typeof problemsOf>[1],
) {
  const mine = events?.events.filter(({ container }) => container === one.id) ?? [];
  const isShort = mine.some(({ what }) => what === "oom");
  if (isLooping(one)) return isShort || one.oomKilled ? outOfMemory(one, true) : looping(one);
  if (one.state === "running") return running(one, isShort);
  if (one.state === "removing") return undefined;
  if (one.state === "paused" || one.state === "dead") return stuck(one, one.state);
  if (one.error !== "" && one.exitCode !== 0) return didNotStart(one, all);
  if (one.oomKilled) return outOfMemory(one, false);
  return stopped(one, {
    isRequested: mine.some(({ what }) => what === "stop"),
    isExpected: params.service !== undefined,
    since: agoWords(one.finishedAt, now),
  });
}

const isLooping = (one: Container): boolean =>
  one.state === "restarting" ||
  (one.restartCount >= LOOP_RESTARTS && one.state === "running" && (one.uptimeSeconds ?? 0) < LOOP_SECONDS);

const problem = <const K extends string, const R extends string>(
  kind: K,
  container: Container,
  { what, ...said }: { what: string; because: string; remedies: readonly R[] },
  severity: Finding["severity"] = "critical",
) => ({ kind, container, severity, title: `${container.name} ${what}`, ...said });

function running(one: Container, isShort: boolean) {
  if (one.health === "unhealthy") return unhealthy(one);
  return isShort && one.memoryLimit > 0 ? outOfMemory(one, false) : undefined;
}

const stuck = (one: Container, state: "paused" | "dead") =>
  state === "paused"
    ? problem("paused", one, {
        what: "is paused",
        because: "All its processes are frozen: it accepts connections and never answers.",
        remedies: ["start"],
      })
    : problem("dead", one, {
        what: "is dead",
        because: "The engine could not remove or stop it completely; it cannot be started any more.",
        remedies: ["recreate"],
      });

const looping = (one: Container) =>
  problem("loop", one, {
    what: `restarts again and again (${one.restartCount} restarts, last exit code ${one.exitCode})`,
    because: `It ends soon after every start and its restart policy (${one.restartPolicy}) brings it back: ${exitWords(one.exitCode)}. One more restart will not help; its last lines say why.`,
    remedies: ["fixCrash"],
  });

function outOfMemory(one: Container, isAgain: boolean) {
  const isDown = one.state === "exited";
  const what = isAgain
    ? `runs out of memory again and again (${one.restartCount} restarts)`
    : isDown
      ? "was killed for memory and is down"
      : "had a process killed for memory within the last hour";
  const because =
    one.memoryLimit > 0
      ? `The kernel killed it at its memory limit of ${mebibytes(one.memoryLimit)} (OOMKilled, exit code ${one.exitCode}).`
      : `It has no memory limit of its own: the machine ran out of memory (OOMKilled, exit code ${one.exitCode}).`;
  const remedies =
    isDown && !one.protected ? (["raiseMemory", "start"] as const) : (["raiseMemory"] as const);
  const severity = one.state === "running" && !isAgain ? "warning" : "critical";
  return problem("memory", one, { what, because, remedies }, severity);
}

const unhealthy = (one: Container) =>
  problem("unhealthy", one, {
    what: `is unhealthy (${one.failingStreak} failed health checks in a row)`,
    because: `It runs, but its own health check fails${one.lastProbe === "" ? "" : `: ${one.lastProbe.split("\n")[0]}`}.`,
    remedies: one.protected ? ["fixCrash"] : ["restart", "fixCrash"],
  });

/** The engine itself said why: port taken, program missing, no permission, no such network or mount. */
function didNotStart(one: Container, all: readonly Container[]) {
  const port = portOf(one.error);
  if (port === undefined)
    return problem("start", one, {
      what: "could not be started",
      because: `The engine says: ${one.error}`,
      remedies: ["fixStart"],
    });
  const owner = all.find(
    ({ id, state, ports }) =>
      id !== one.id && state === "running" && ports.some(({ hostPort }) => hostPort === port),
  );
  const who = owner === undefined ? "a process or container outside this project" : `container ${owner.name}`;
  return problem("port", one, {
    what: `could not be started: port ${port} is taken`,
    because: `${who} has port ${port} of the machine.`,
    remedies: ["freePort"],
  });
}

/** It is down and the engine tried nothing in vain: never started, stopped, ended or crashed. */
function stopped(
  one: Container,
  { isRequested, isExpected, since }: { isRequested: boolean; isExpected: boolean; since: string },
) {
  const start = one.protected ? "fixStart" : "start";
  if (one.state === "created")
    return problem("stopped", one, {
      what: "was created but never started",
      because: "The engine was never asked to start it, or what it depends on did not come up.",
      remedies: [start],
    });
  if (isRequested)
    return problem("stopped", one, {
      what: `was stopped on request ${since}`,
      because: `Somebody, or something, asked the engine to stop it (exit code ${one.exitCode}).`,
      remedies: [start],
    });
  if (one.exitCode !== 0)
    return problem("exited", one, {
      what: `exited with code ${one.exitCode} ${since}`,
      because: `It is down: ${exitWords(one.exitCode)}.`,
      remedies: [start, "fixCrash"],
    });
  // Jobs end: no port, no health check, no restart policy, exit code 0.
  const isService =
    one.ports.length > 0 || one.health !== "none" || !["no", "on-failure"].includes(one.restartPolicy);
  return isService || isExpected
    ? problem("stopped", one, {
        what: `has ended ${since} (exit code 0)`,
        because: "It is meant to run on, and ended without an error.",
        remedies: [start],
      })
    : undefined;
}

/** Port number in the engine's refusal to publish it; undefined where it is about something else. */
export function portOf(error: string): number | undefined {
  if (!/already (allocated|in use)/i.test(error)) return undefined;
  const port = /(?:\d|\]|\*):(\d{1,5})\b/.exec(error)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** What an exit code says by convention (128 + n: signal n). */
export function exitWords(code: number): string {
  const known: Readonly<Record<number, string>> = {
    0: "it ended without an error",
    125: "the engine could not run it",
    126: "its program may not be executed",
    127: "its program was not found",
    134: "it aborted itself (SIGABRT)",
    137: "it was killed (SIGKILL): by the OOM killer, by docker kill, or because it did not stop in time",
    139: "it crashed with a segmentation fault",
    143: "it was asked to stop (SIGTERM)",
    255: "it, or the engine under it, ended abruptly",
  };
  return (
    known[code] ??
    (code > 128 && code < 160 ? `signal ${code - 128} ended it` : "its program reported an error")
  );
}

/** `2 min ago`, or `before` where the engine does not know. */
function agoWords(at: string, now: Date): string {
  const seconds = (now.getTime() - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds) || Date.parse(at) <= 0) return "before";
  return seconds < 1 ? "just now" : `${saySeconds(seconds)} ago`;
}

/** `96 MiB`. */
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
