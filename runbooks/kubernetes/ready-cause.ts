import { clip, saySeconds, shellWord } from "../../src/sdk/index.ts";
import { type Cause, type Event, logOf, type Pod, type Sight, secondsSince } from "./case.ts";

/** A container that has run for less is starting, and its readiness is expected to fail. */
const WARMING_SECONDS = 120;
/** One that was up for so long was ready before, as far as its age tells. */
const LONG_SECONDS = 3600;

/** It runs and is not ready: no traffic goes there, and nothing restarts it. */
export function notReady(pod: Pod, events: readonly Event[], sight: Sight, now: Date): Cause | undefined {
  const one = pod.containers.find(({ role, ready }) => role !== "init" && !ready);
  if (one === undefined) return gate(pod, now);
  const up = secondsSince(one.startedAt, now);
  if (one.state !== "running") return undefined;
  const probe = events.find(({ reason, message }) => reason === "Unhealthy" && /^readiness/i.test(message));
  if (up < WARMING_SECONDS && probe === undefined) return undefined;
  if (up < WARMING_SECONDS / 4) return undefined;
  const said = probe === undefined ? "" : ` It says: ${clip(probe.message, 250)}.`;
  const last = logOf(pod, one, sight)?.lines.at(-1);
  const wrote = last === undefined ? "" : ` It wrote last: ${clip(last, 200)}.`;
  return {
    kind: "not-ready",
    container: one,
    title: `runs and is not ready (${one.name}, up ${saySeconds(up)})`,
    because: `Its readiness probe fails${one.readiness === "" ? "" : ` (${one.readiness})`}: it gets no traffic, and nobody restarts it.${said}${wrote} Either it waits for something it depends on, or it hangs, or the probe asks for the wrong thing; its log and the same probe on a twin tell.`,
    advice: {
      key: "fixProbe",
      text: `Read its log; ask the probe by hand: \`kubectl -n ${shellWord(pod.namespace)} port-forward ${shellWord(pod.name)} 18080:PORT\`. A dependency that all replicas wait for must be repaired first: a restart does not help then.`,
    },
    acts: up > LONG_SECONDS ? ["replacePod", "undo"] : ["undo"],
  };
}

function gate(pod: Pod, now: Date): Cause | undefined {
  const seconds = secondsSince(pod.readySince, now);
  if (seconds < WARMING_SECONDS) return undefined;
  return {
    kind: "not-ready",
    container: undefined,
    title: `is not ready although all its containers are (for ${saySeconds(seconds)})`,
    because:
      "A readiness gate does not hold, or the node's kubelet has not been heard of: nothing of the pod itself is wrong.",
    advice: {
      key: "fixNode",
      text: "`kubectl get pod -o wide` shows READINESS GATES; a load balancer's controller sets them as a rule.",
    },
    acts: [],
  };
}
