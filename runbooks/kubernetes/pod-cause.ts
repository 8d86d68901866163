import { clip, saySeconds, shellWord } from "../../src/sdk/index.ts";
import {
  type Advice,
  type Cause,
  type Container,
  type Event,
  eventsOf,
  logOf,
  type Pod,
  type Sight,
  secondsSince,
} from "./case.ts";
import { exitCause } from "./exit-cause.ts";
import { memoryCause } from "./memory-cause.ts";
import { notReady } from "./ready-cause.ts";
import { schedulingCause } from "./scheduling.ts";
import { configCause, imageCause, mountCause } from "./waiting-cause.ts";

/** How a pod is judged. */
export interface Asked {
  readonly now: Date;
  /** Ends longer ago than this are history. */
  readonly recentSeconds: number;
}

/** A pod that waits for less than this is starting. */
const STARTING_SECONDS = 300;
const UNPLACED_SECONDS = 30;
/** A node that the cluster's autoscaler asked for is there by then, or does not come. */
const SCALED_SECONDS = 900;
const CONFIG = new Set([
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
  "StartError",
  "PreCreateHookError",
  "PostStartHookError",
]);
const look: Advice = {
  key: "lookOn",
  text: "`kubectl describe pod` shows its events; they are kept for an hour.",
};

/** Why a pod is not well; undefined: it is, it is starting, or it is done. What stands nearest to the cause comes first. Pure. */
export function causeOf(pod: Pod, sight: Sight, asked: Asked): Cause | undefined {
  const events = eventsOf(pod, sight);
  if (pod.deletedAt !== null) return terminating(pod, asked);
  if (pod.phase === "Succeeded") return undefined;
  if (pod.phase === "Failed") return failed(pod, asked);
  if (pod.unschedulable !== "")
    return secondsSince(pod.createdAt, asked.now) < UNPLACED_SECONDS ||
      events.some(
        ({ reason, at }) => reason === "TriggeredScaleUp" && secondsSince(at, asked.now) < SCALED_SECONDS,
      )
      ? undefined
      : schedulingCause(pod, events, sight.claims?.claims ?? []);
  const found = pod.containers
    .map((one) => containerCause(pod, one, sight, asked))
    .find((cause) => cause !== undefined);
  if (found !== undefined) return found;
  if (pod.phase === "Pending") return pending(pod, events, asked);
  return pod.ready ? undefined : notReady(pod, events, sight, asked.now);
}

/** Of one container: what it waits for, or how it ended. */
function containerCause(pod: Pod, one: Container, sight: Sight, asked: Asked): Cause | undefined {
  const events = eventsOf(pod, sight);
  if (one.state === "waiting") {
    if (/Image|Registry/.test(one.reason)) return imageCause(one, events);
    if (CONFIG.has(one.reason)) return configCause(one);
  }
  const end = endOf(one, asked);
  if (!end) return undefined;
  const log = logOf(pod, one, sight);
  if (end.reason === "OOMKilled") return memoryCause(pod, one, log, sight.usage?.containers ?? []);
  const killing = killed(events, one);
  if (killing !== undefined && one.role !== "init") return liveness(one, killing, events, isBack(one));
  // It ended well and is back: what it was asked to do nobody knows, and it serves.
  // Where containers are not started again, one that is done while another goes on is as it should be.
  if (end.exitCode === 0 && (isBack(one) || pod.restartPolicy !== "Always")) return undefined;
  return crash(pod, one, exitCause(one, log), isBack(one));
}

const isBack = (one: Container): boolean => one.state === "running" && one.ready;

/** How it ended, where that is to be judged: not of an init container that is done, and not what is long past. */
function endOf(one: Container, { now, recentSeconds }: Asked): Container["last"] | undefined {
  const end = one.ended ?? one.last;
  const isDone = one.role === "init" && one.ended?.exitCode === 0;
  if (end === null || isDone || (one.restarts === 0 && one.ended === null)) return undefined;
  return isBack(one) && secondsSince(end.finishedAt, now) > recentSeconds ? undefined : end;
}

const killed = (events: readonly Event[], one: Container): Event | undefined =>
  events.find(
    ({ reason, message }) =>
      reason === "Killing" &&
      message.includes(one.name) &&
      /failed (liveness|startup) probe|unhealthy/i.test(message),
  );

function liveness(one: Container, killing: Event, events: readonly Event[], isBack: boolean): Cause {
  const which = /startup/i.test(killing.message) ? "startup" : "liveness";
  const probe = events.find(
    ({ reason, message }) => reason === "Unhealthy" && message.toLowerCase().startsWith(which),
  );
  const setting = which === "startup" ? one.startup : one.liveness;
  const isTimeout = /timeout|deadline/i.test(probe?.message ?? "");
  return {
    kind: "liveness",
    container: one,
    title: `is restarted by its ${which} probe (${one.restarts} times)${isBack ? ", and is back" : ""}`,
    because: `The kubelet ended ${one.name} because the probe failed${setting === "" ? "" : ` (${setting})`}${probe === undefined ? "" : `: ${clip(probe.message, 250)}`}. ${isTimeout ? "It did not answer in time: either it hangs or is overloaded (CPU limit, a lock, a slow dependency in the probe), or it needs longer to start; to tell them apart: how long after its start it is ended." : "The check itself was refused or answered wrongly: either the program is not up on that port, or the probe asks for the wrong thing."} An exit code of 137 or 143 is the kubelet's then, and no memory.`,
    advice: {
      key: "fixProbe",
      text: `Let the ${which} probe ask only the process itself, never what it depends on; give a slow start a startupProbe; raise timeoutSeconds above what it takes under load.`,
    },
    acts: [],
  };
}

function crash(pod: Pod, one: Container, end: ReturnType<typeof exitCause>, isBack: boolean): Cause {
  const isInit = one.role === "init";
  const often = `${one.restarts} ${one.restarts === 1 ? "restart" : "restarts"}`;
  const what = end.short === "" ? `exit code ${(one.ended ?? one.last)?.exitCode}` : end.short;
  const state = isInit
    ? `its init container ${one.name} fails`
    : isBack
      ? `its container ${one.name} came back after it ended`
      : `its container ${one.name} keeps ending`;
  return {
    kind: isInit ? "init" : "crash",
    container: one,
    title: `${state} (${often}): ${what}`,
    because: `${end.because.replace(/([^.!?…])$/, "$1.")}${isInit ? " Until it succeeds nothing else of the pod starts." : ""}`,
    advice: {
      key: "fixCrash",
      text: `${end.advice} The run before: \`kubectl -n ${shellWord(pod.namespace)} logs ${shellWord(pod.name)} -c ${shellWord(one.name)} --previous\`.`,
    },
    acts: end.isOwn && !isBack ? ["undo"] : [],
    ...(end.waitsForAnother ? { waitsForAnother: true } : {}),
  };
}

/** It has a node and does not run: volumes and network come before its containers. */
function pending(pod: Pod, events: readonly Event[], asked: Asked): Cause | undefined {
  const cause = mountCause(events);
  if (cause !== undefined) return cause;
  const seconds = secondsSince(pod.createdAt, asked.now);
  const init = pod.containers.find(({ role, state }) => role === "init" && state === "running");
  if (seconds < STARTING_SECONDS) return undefined;
  return {
    kind: "starting",
    container: init,
    title:
      init === undefined
        ? `does not start (for ${saySeconds(seconds)})`
        : `waits for its init container ${init.name} (for ${saySeconds(seconds)})`,
    because:
      init === undefined
        ? "It has a node and no container of it runs; no event says why. Either a volume, the network or the image takes long, or the kubelet does not get to it."
        : "The init container runs and does not end: as a rule it waits for something that is not there.",
    advice: look,
    acts: [],
  };
}

function failed(pod: Pod, asked: Asked): Cause | undefined {
  // Jobs have a runbook of their own; what a controller has replaced is its history.
  if (pod.owner?.kind === "Job" || pod.reason !== "Evicted") return undefined;
  const at =
    pod.containers.map(({ ended }) => ended?.finishedAt ?? null).find((one) => one !== null) ?? pod.createdAt;
  if (secondsSince(at, asked.now) > asked.recentSeconds) return undefined;
  return {
    kind: "evicted",
    container: undefined,
    title: "was evicted from its node",
    because: `The kubelet took it away because the node was short: ${clip(pod.message || "no message", 300)} Its controller makes another one elsewhere.`,
    advice: {
      key: "giveRoom",
      text: "Give it requests near to what it uses: what is furthest above its requests goes first. Look at the node.",
    },
    acts: [],
    isNote: true,
  };
}

/** Its grace is over, and it is still there. `deletedAt` is the end of the grace already. */
function terminating(pod: Pod, { now }: Asked): Cause | undefined {
  const seconds = secondsSince(pod.deletedAt, now);
  if (seconds < 60) return undefined;
  const holds = pod.finalizers.length > 0;
  return {
    kind: "terminating",
    container: undefined,
    title: `does not go away (${saySeconds(seconds)} over its grace)`,
    because: holds
      ? `It is deleted, and finalizers hold it: ${pod.finalizers.join(", ")}. Whatever set them has not done its work.`
      : "It is deleted, and its kubelet has not confirmed that it ended: either the node is lost, or the container does not end, or a volume cannot be unmounted.",
    advice: {
      key: "fixNode",
      text: holds
        ? "Look at the controller that set the finalizer; taking it away by hand skips its work."
        : "See whether its node is alive. Only where it is surely off: `kubectl delete pod --grace-period=0 --force`; a StatefulSet's pod may otherwise run twice.",
    },
    acts: [],
  };
}
