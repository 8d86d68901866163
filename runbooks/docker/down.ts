import { shellWord } from "../../src/sdk/index.ts";
import { ago, secondsSince } from "./ago.ts";
import { type Case, ending, mayAct, readOn } from "./case.ts";
import type { Container, Problem } from "./cause.ts";
import { endCause, lastRunOf, sayLast } from "./ends.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { requestOf, signalsIn, wasShort } from "./past.ts";
import { isHeldByDaemon, whyNotBack } from "./podman.ts";
import { portOf, refusalCause } from "./refusals.ts";
import { isAwaitedJob } from "./waits.ts";

/** A stop on request this long ago is no news: whoever asked for it knows. */
const STOPPED_LONG_AGO = 3600;
/** An end this long ago has not brought anybody down today. */
const ENDED_LONG_AGO = 86_400;

/** It ran, and does not any more. */
export function ended(it: Case): Problem | undefined {
  const { one, past } = it;
  if ((isHeldByDaemon(it) && isHeldDown(one)) || requestOf(one, past) !== undefined)
    return stoppedOnRequest(it);
  if (one.exitCode === 137 && wasKilledForMemory(it)) return outOfMemory(it);
  return one.exitCode === 0 ? endedWell(it) : failed(it);
}

const wasKilledForMemory = ({ one, past }: Case): boolean => one.oomKilled || wasShort(past);

function endedWell(it: Case): Problem | undefined {
  const { one, list, isAsked, now } = it;
  if (isAwaitedJob(one, list.containers) || !(isAsked || isService(one))) return undefined;
  return {
    kind: "stopped",
    container: one,
    severity: "critical",
    title: `${one.name} has ended ${ago(one.finishedAt, now)} (exit code 0)`,
    because: `It is meant to run on, and ended without an error.${whyNotBack(it)}`,
    advice: [],
    acts: mayAct(one) ? ["start"] : [],
  };
}

function failed(it: Case): Problem {
  const { one, past, log, platform, isAsked, now } = it;
  const lines = lastRunOf(log);
  const cause = endCause({ one, code: one.exitCode, past, lines, earlier: log?.earlier, platform });
  const givenUp = hasGivenUp(one)
    ? ` The engine gave up after ${one.restartCount} restarts (on-failure:${one.maxRestarts}).`
    : "";
  const child = wasKilledForMemory(it) ? " A child of it had been killed for memory before." : "";
  return {
    kind: "exited",
    container: one,
    severity: isAsked || secondsSince(one.finishedAt, now) < ENDED_LONG_AGO ? "critical" : "warning",
    title: `${one.name} exited with code ${one.exitCode} ${ago(one.finishedAt, now)}${ending(cause.short)}`,
    because: `It is down. ${cause.because}${child}${givenUp}${whyNotBack(it)}${sayLast(cause, log, lines)}`,
    advice: [cause.advice ?? readOn(one)],
    acts: cause.startHelps && givenUp === "" && mayAct(one) ? ["start"] : [],
  };
}

/** Every start has failed as often as its policy allows. */
const hasGivenUp = ({ restartPolicy, restartCount, maxRestarts }: Container): boolean =>
  restartPolicy === "on-failure" && maxRestarts > 0 && restartCount >= maxRestarts;

/**
 * It is exited although its policy would have brought it back: the engine holds it down because somebody asked for that. This is
 * known long after the engine has forgotten the request itself.
 */
function isHeldDown(one: Container): boolean {
  if (one.restartPolicy === "always" || one.restartPolicy === "unless-stopped") return true;
  return one.restartPolicy === "on-failure" && one.exitCode !== 0 && !hasGivenUp(one);
}

function stoppedOnRequest({ one, past, isAsked, now }: Case): Problem {
  const request = requestOf(one, past);
  // `docker kill` sends SIGKILL at once; 137 after anything else is what followed a grace period.
  const isLate = one.exitCode === 137 && (request !== "kill" || signalsIn(past).includes(15));
  const code = isLate
    ? `Exit code 137 is the SIGKILL after its grace period (${one.stopSeconds} s unless the request said otherwise): it does not end on the stop signal (a shell as process 1 does not pass it on; \`init: true\` or \`exec\` in its script does).`
    : `Exit code ${one.exitCode}.`;
  const verb = request === "kill" ? "killed" : "stopped";
  return {
    kind: "stopped",
    container: one,
    severity: isAsked ? "critical" : "warning",
    title: `${one.name} was ${verb} on request ${ago(one.finishedAt, now)}${isLate ? ", by SIGKILL after the grace period" : ""}`,
    because: `${REQUESTS[request ?? "forgotten"]} ${request === undefined ? `Its policy (${one.restartPolicy}) would have brought it back otherwise. ` : ""}${code}`,
    advice: [],
    acts: mayAct(one) ? ["start"] : [],
    ...(!isAsked && secondsSince(one.finishedAt, now) > STOPPED_LONG_AGO ? { isQuiet: true } : {}),
  };
}

const REQUESTS = {
  stop: "Somebody, or something, asked the engine to stop it.",
  kill: "Somebody, or something, sent it a signal through the engine (`docker kill`, not `docker stop`).",
  forgotten:
    "Somebody, or something, asked the engine to stop it; who and how the engine no longer remembers.",
} as const;

/** Jobs end: no port, no health check, no restart policy, exit code 0. */
const isService = (one: Container): boolean =>
  one.ports.length > 0 || one.health !== "none" || !["no", "on-failure"].includes(one.restartPolicy);

/** A task of swarm that does not run: its history, unless nothing runs in its place. */
export function lostTask({ one, list, isAsked }: Case): Problem | undefined {
  const mine = list.containers.filter(({ service, isTask }) => isTask && service === one.service);
  const newest = mine.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0];
  if (newest !== one || mine.some(({ state }) => state === "running")) return undefined;
  if (one.exitCode === 0 && !isAsked) return undefined;
  return {
    kind: "exited",
    container: one,
    severity: "critical",
    title: `Service ${one.service} of the swarm has no running task here`,
    because: `Its last task ended with exit code ${one.exitCode}${one.error === "" ? "" : `: ${one.error}`}. It may run on another node.`,
    advice: [
      {
        key: "fixCrash",
        text: `On a manager: \`docker service ps --no-trunc ${shellWord(one.service)}\` says where it runs and why tasks end; swarm starts them itself.`,
      },
    ],
    acts: [],
  };
}

/** The engine itself said why: port taken, program missing, no permission, no such network or mount. */
export function didNotStart({ one, list, platform }: Case): Problem {
  const port = portOf(one.error);
  if (port !== undefined) return portTaken(one, port, list);
  const cause = refusalCause(one, platform);
  return {
    kind: "start",
    container: one,
    severity: "critical",
    title: `${one.name} could not be started${ending(cause.short)}`,
    because: cause.because,
    advice: cause.advice === undefined ? [] : [cause.advice],
    acts: cause.startHelps && mayAct(one) ? ["start"] : [],
  };
}

function portTaken(one: Container, port: number, { containers, strangers }: Case["list"]): Problem {
  const owner = containers.find(
    ({ id, state, ports }) =>
      id !== one.id && state === "running" && ports.some(({ hostPort }) => hostPort === port),
  );
  const stranger = strangers.find((other) => other.port === port);
  const who =
    owner !== undefined
      ? `Container ${owner.name} has`
      : stranger !== undefined
        ? `Container ${stranger.container}${stranger.project === null ? "" : ` of project ${stranger.project}`} has`
        : "No container of this engine publishes it (now): a process of the machine, or a container in the machine's own network, has";
  const because = `${who} port ${port} of the machine.`;
  return {
    kind: "port",
    container: one,
    severity: "critical",
    title: `${one.name} could not be started: port ${port} is taken`,
    because,
    advice: [
      {
        key: "freePort",
        text: `${because} Find the owner: \`ss -Hltnp 'sport = :${port}'\` and \`docker ps --filter publish=${port}\`. Stop it through what supervises it, or publish ${one.service} on another port (and change whoever calls it), then \`docker compose up -d ${shellWord(one.service)}\`.`,
      },
    ],
    acts: [],
  };
}

export const stuck = (it: Case, state: "paused" | "dead"): Problem =>
  state === "paused" ? paused(it) : dead(it);

/** A snapshot (`docker commit`, a backup) freezes a container for moments and lets it go by itself. */
const SNAPSHOT_SECONDS = 120;

function paused({ one, past, isAsked, now }: Case): Problem {
  const since = past.sinceStart.findLast(({ what }) => what === "pause")?.at;
  const seconds = since === undefined ? undefined : now.getTime() / 1000 - since;
  // Whoever asks for this very one expects it to run.
  const isFresh = seconds !== undefined && seconds < SNAPSHOT_SECONDS && !isAsked;
  return {
    kind: "paused",
    container: one,
    severity: isFresh ? "warning" : "critical",
    title: `${one.name} ${seconds === undefined ? "is paused" : `was paused ${ago(new Date((since ?? 0) * 1000).toISOString(), now)}`}`,
    because: `All its processes are frozen: it accepts connections and never answers, and its health check cannot run.${isFresh ? " That is so recent that a backup or `docker commit` may be at work, which lets it go by itself: look again in two minutes before it is set going." : " Somebody, or a backup that broke off, has paused it."}`,
    advice: [],
    acts: isFresh || !mayAct(one) ? [] : ["start"],
  };
}

function dead({ one, list }: Case): Problem {
  const next = list.containers.find(
    ({ id, service, state }) => id !== one.id && service === one.service && state === "running",
  );
  return {
    kind: "dead",
    container: one,
    severity: next === undefined ? "critical" : "info",
    title: `${one.name} is dead${next === undefined ? "" : `, and ${next.name} runs in its place`}`,
    because: `The engine could not remove or stop it completely; it cannot be started any more${next === undefined ? "" : ", and serves nothing: only its remains take room"}.${one.error === "" ? "" : ` It says: ${one.error}.`}${/busy/.test(one.error) ? " Another process still has its file system mounted (in a mount namespace of its own)." : ""}`,
    advice: [
      ...(/busy/.test(one.error) ? [freeMount(one)] : []),
      ...(next === undefined ? [recreate(one)] : []),
    ],
    acts: [],
  };
}

const freeMount = ({ name }: Container) => ({
  key: "fixStart" as const,
  text: `\`grep -l "$(docker inspect -f '{{.Id}}' ${shellWord(name)})" /proc/[0-9]*/mountinfo\` names the processes that hold it (often a monitoring agent that mounts / of the machine): restart those, then \`docker rm -f ${shellWord(name)}\`.`,
});

/** Asked for, and on its way out: nothing serves in its place as far as this container goes. */
export const beingRemoved = (one: Container): Problem => ({
  kind: "dead",
  container: one,
  severity: "warning",
  title: `${one.name} is being removed`,
  because:
    "Somebody, or a deployment, has asked the engine to remove it. That takes moments; where it lasts, something still holds a file or mount of it.",
  advice: [recreate(one)],
  acts: [],
});

export const recreate = ({ service, image }: Container) => ({
  key: "recreate" as const,
  text: `\`docker compose pull ${shellWord(service)}\`, then \`docker compose up -d --force-recreate ${shellWord(service)}\` (image ${image}; prefer the digest of the last release).`,
});
