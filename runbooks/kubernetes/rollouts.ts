import { clip, count, type Finding } from "../../src/sdk/index.ts";
import { nameOf, type Sight, secondsSince, type Workload } from "./case.ts";
import { refusalOf, whyNotMade } from "./not-made.ts";
import type { Asked } from "./pod-cause.ts";
import type { Problem, Target } from "./problems.ts";

type Key = "resume" | "undo" | "giveQuota" | "lookOn";

const isMine = (one: Workload, { namespace, workload, pod }: Target): boolean =>
  pod === undefined &&
  (namespace === undefined || one.namespace === namespace) &&
  (workload === undefined || one.name === workload);

/** How long a workload may lack replicas before somebody is told that nothing explains it. */
const GRACE_SECONDS = 120;

/**
 * What is wrong with workloads besides their pods: pods that are not even made, rollouts that stand, replicas nobody explains.
 * One scaled to zero, one that is being rolled out and one whose newest change the controller has not seen are well. Pure.
 */
export function workloadFindings(
  sight: Sight,
  target: Target,
  problems: readonly Problem[],
  asked: Asked,
): Finding<Key>[] {
  return (sight.workloads?.workloads ?? [])
    .filter((one) => isMine(one, target) && one.isObserved)
    .flatMap((one): Finding<Key>[] => {
      const name = nameOf(one, sight.pods);
      const refusal = refusalOf(one, sight);
      if (refusal !== "") return [notMade(one, name, refusal)];
      if (one.paused && one.updated < one.desired) return [paused(one, name)];
      if (one.progress?.status === "False") return [stuck(one, name, sight)];
      const own = problems.some(({ workload }) => workload?.uid === one.uid);
      return own || !isShort(one, asked) || isStarting(one, sight, asked) ? [] : [short(one, name)];
    });
}

const plain = (message: string): string =>
  clip(message.replace(/^(\(combined from similar events\): )?Error creating: /, ""), 400);

function notMade(one: Workload, name: string, refusal: string): Finding<Key> {
  const missing = one.desired - one.current;
  const { what } = whyNotMade(refusal);
  return {
    id: `not-made:${name}`,
    severity: one.available === 0 && one.desired > 0 ? "critical" : "warning",
    title: `${name}: ${missing > 0 ? count(missing, "pod") : "pods"} cannot be made: ${what}`,
    because: `It has ${one.current} of ${one.desired} pods, and the rest is refused: ${plain(refusal)}`,
    remedies: ["giveQuota"],
    explains: [`rollout-stuck:${name}`, `short:${name}`],
  };
}

const paused = (one: Workload, name: string): Finding<Key> => ({
  id: `paused:${name}`,
  severity: "warning",
  title: `${name}: a change waits, its rollouts are paused`,
  because: `${one.updated} of ${one.desired} pods have the newest template. Somebody paused it, and until it is resumed nothing is rolled out and an undo is refused.`,
  remedies: ["resume"],
});

/** `Available` stays true then: only `Progressing` tells. */
function stuck(one: Workload, name: string, { revisions }: Sight): Finding<Key> {
  const changed = revisions?.deployments.find((other) => other.uid === one.uid)?.changed ?? [];
  return {
    id: `rollout-stuck:${name}`,
    severity: one.available === 0 && one.desired > 0 ? "critical" : "warning",
    title: `${name}: its rollout stands at ${one.updated} of ${one.desired} pods`,
    because: `It did not get on within its deadline (${one.progress?.reason}); ${one.available} of ${one.desired} are available, from the revision before as far as they are old. ${changed.length === 0 ? "What it changed is not known." : `It changed: ${clip(changed.join("; "), 400)}.`}`,
    remedies: ["lookOn"],
  };
}

function isShort(one: Workload, { now }: Asked): boolean {
  if (one.desired === 0 || one.available >= one.desired) return false;
  if (
    one.progress?.status === "True" &&
    one.progress.reason === "ReplicaSetUpdated" &&
    secondsSince(one.progress.at, now) < GRACE_SECONDS
  )
    return false;
  return secondsSince(one.createdAt, now) > GRACE_SECONDS;
}

/** A pod of it was made or started a moment ago: what it lacks is on its way. */
const isStarting = (one: Workload, { pods }: Sight, { now }: Asked): boolean =>
  pods.pods.some(
    (pod) =>
      pod.namespace === one.namespace &&
      pod.owner?.kind === one.kind &&
      pod.owner.name === one.name &&
      [pod.createdAt, ...pod.containers.map(({ startedAt }) => startedAt)].some(
        (at) => secondsSince(at, now) < GRACE_SECONDS,
      ),
  );

const short = (one: Workload, name: string): Finding<Key> => ({
  id: `short:${name}`,
  severity: one.available === 0 ? "critical" : "warning",
  title: `${name}: ${one.available} of ${one.desired} available`,
  because: `No pod that was looked at and no event tells why.${one.ready > one.available ? ` Of those that lack ${count(one.ready - one.available, "pod")} ${one.ready - one.available === 1 ? "is" : "are"} ready and ${one.ready - one.available === 1 ? "waits" : "wait"} for minReadySeconds.` : ""}${one.progress === null ? "" : ` Its rollout says ${one.progress.reason}.`} Either its pods start at this moment, or they are on nodes that were not looked at.`,
  remedies: ["lookOn"],
});
