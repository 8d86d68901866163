import { clip, count, saySeconds } from "../../src/sdk/index.ts";
import { type Container, type Event, type Pod, type Sight, secondsSince } from "./case.ts";
import { exitCause } from "./exit-cause.ts";
import type { Job, Jobs } from "./jobs.ts";
import { type Asked, causeOf } from "./pod-cause.ts";

/** What was seen of jobs; all but the jobs may be missing. */
export type JobSight = Partial<Sight> & { readonly jobs: Jobs };

/** What was done to a pod that did not fail by itself, by its `status.reason`. */
const TAKEN: Readonly<Record<string, string>> = {
  Evicted: "The kubelet took its pod away, because the node was short of something",
  Preempting: "A pod of higher priority took its place",
  Preempted: "A pod of higher priority took its place",
  Shutdown: "Its node was shut down",
  Terminated: "Its node was shut down",
  NodeShutdown: "Its node was shut down",
  NodeLost: "Its node was not heard of any more",
  DeadlineExceeded: "Its pod ran longer than the pod's own activeDeadlineSeconds allows",
  NodeAffinity: "The node did not take its pod",
  UnexpectedAdmissionError: "The node did not take its pod",
  OutOfcpu: "The node had too little CPU left for its pod",
  OutOfmemory: "The node had too little memory left for its pod",
  OutOfpods: "The node had too many pods already",
};
/** Containers that stand beside the work and do not end by themselves. */
const BESIDE =
  /(^|-)(istio-proxy|linkerd-proxy|envoy|daprd|filebeat|promtail|sidecar)$|^(cloud-?sql|vault-agent|consul|otel|fluent|datadog)/;
/** One that ended a moment ago is no sign yet that the others do not. */
const DONE_SECONDS = 120;
/** Of what is left of a pod that is gone, most telling first. */
const TELLING = [
  "FailedCreate",
  "FailedScheduling",
  "FailedMount",
  "FailedAttachVolume",
  "Failed",
  "Evicted",
  "BackOff",
];

const lastEnd = (pod: Pod): number =>
  Math.max(
    Date.parse(pod.createdAt ?? "") || 0,
    ...pod.containers.map(({ ended, last }) => Date.parse((ended ?? last)?.finishedAt ?? "") || 0),
  );

const podsOf = (job: Job, { pods }: JobSight): readonly Pod[] =>
  pods?.pods.filter(
    ({ namespace, owner }) => namespace === job.namespace && owner?.kind === "Job" && owner.name === job.name,
  ) ?? [];

/** Its pods that failed, the last first, two at most: one of them may have written nothing. */
export const failedPodsOf = (job: Job, sight: JobSight): readonly Pod[] =>
  podsOf(job, sight)
    .filter(({ phase }) => phase === "Failed")
    .sort((a, b) => lastEnd(b) - lastEnd(a))
    .slice(0, 2);

const logOf = (pod: Pod, { logs }: JobSight) =>
  logs?.logs.find((one) => one.pod === pod.name && one.container === failedIn(pod)?.name);

/** Its container that failed; one that was ended well is none. */
export const failedIn = (pod: Pod): Container | undefined =>
  pod.containers.find(({ ended }) => ended !== null && ended.exitCode !== 0);

/** Why the pods of a job failed, in whole sentences. */
export function failureOf(job: Job, sight: JobSight): string {
  const failed = failedPodsOf(job, sight);
  const pod = failed.find((one) => (logOf(one, sight)?.lines.length ?? 0) > 0) ?? failed[0];
  if (pod === undefined) return goneOf(job, sight);
  const taken = TAKEN[pod.reason];
  if (taken !== undefined)
    return `${taken}${pod.message === "" ? "" : `: ${clip(pod.message, 250)}`}. Nothing of the job itself is to blame as far as this tells.`;
  const one = failedIn(pod);
  if (one === undefined)
    return `Its pod ${pod.name} failed${pod.reason === "" ? "" : ` (${pod.reason})`}${pod.message === "" ? ", and no container says why" : `: ${clip(pod.message, 250)}`}.`;
  if (one.ended?.reason === "OOMKilled")
    return `Its container ${one.name} was killed for memory (OOMKilled).`;
  return exitCause(one, logOf(pod, sight)).because;
}

/** Its pods are not there: events are kept for an hour. */
function goneOf(job: Job, sight: JobSight): string {
  const said = toldOf(job, sight);
  if (said !== undefined)
    return `Its pods are gone; an event of them is left (${said.reason}): ${clip(said.message, 250)}`;
  const { pods } = sight;
  if (pods === undefined) return "Its pods could not be looked at.";
  return (pods.notSeen ?? []).length > 0
    ? "Its pods are gone, or not among those that were looked at."
    : "Its pods are gone: why is only in collected logs.";
}

/** Pods of a job have its name, the index of an indexed one, and five characters. */
function toldOf(job: Job, { events }: JobSight): Event | undefined {
  const own = (events?.events ?? []).filter(
    (one) =>
      one.isWarning &&
      one.namespace === job.namespace &&
      secondsSince(job.createdAt, new Date(one.at ?? 0)) >= 0 &&
      (one.kind === "Job"
        ? one.name === job.name
        : one.kind === "Pod" &&
          one.name.startsWith(`${job.name}-`) &&
          /^(\d+-)?[a-z0-9]{5}$/.test(one.name.slice(job.name.length + 1))),
  );
  // The kubelet's `Error: ImagePullBackOff` says less than the runtime's sentence.
  const isTelling = ({ message }: Event): boolean => !/^(Error: |Back-off )/.test(message);
  return TELLING.flatMap((reason) => own.filter((one) => one.reason === reason)).sort(
    (a, b) => Number(isTelling(b)) - Number(isTelling(a)),
  )[0];
}

/** What keeps a job from its end that has not failed yet; undefined: nothing that is seen. */
export function hindranceOf(
  job: Job,
  sight: JobSight,
  asked: Asked,
): { readonly title: string; readonly because: string } | undefined {
  if (job.state !== "running") return undefined;
  const pods = podsOf(job, sight);
  const beside = pods.map((pod) => besideOf(pod, asked)).find((one) => one !== undefined);
  if (beside !== undefined) return beside;
  const whole = sight.pods === undefined ? undefined : { ...sight, pods: sight.pods };
  for (const pod of whole === undefined ? [] : pods) {
    const cause = whole && causeOf(pod, whole, asked);
    if (cause !== undefined && cause.isNote !== true)
      return { title: `does not get on: its pod ${cause.title}`, because: cause.because };
  }
  const told = pods.length === 0 ? toldOf(job, sight) : undefined;
  if (told?.reason === "FailedCreate")
    return { title: "has no pod: none can be made", because: `It is refused: ${clip(told.message, 300)}` };
  if (failedPodsOf(job, sight).length === 0) return undefined;
  return {
    title: `tries again: ${count(job.failedPods, "pod")} failed`,
    because: `After ${job.backoffLimit} it gives up (backoffLimit). ${failureOf(job, sight)}`,
  };
}

/** The work is done, and what stands beside it goes on: the job waits for all containers. */
function besideOf(pod: Pod, { now }: Asked) {
  const mains = pod.containers.filter(({ role }) => role === "main");
  const done = mains.filter(
    ({ ended }) => ended?.exitCode === 0 && secondsSince(ended.finishedAt, now) > DONE_SECONDS,
  );
  const on = mains.filter(({ state }) => state === "running");
  const [first] = done;
  if (first === undefined || on.length === 0 || done.length + on.length < mains.length) return undefined;
  const names = on.map(({ name }) => name).join(", ");
  const isSure = on.every(({ name }) => BESIDE.test(name));
  return {
    title: isSure ? `is done, and its ${names} keeps it from ending` : `has ended in part: ${names} goes on`,
    because: `${done.map(({ name }) => name).join(", ")} ended well ${saySeconds(secondsSince(first.ended?.finishedAt ?? null, now))} ago; a job ends once all containers have. ${isSure ? `${names} does not end by itself: make it a sidecar (an init container with restartPolicy Always, since 1.29), or let the work tell it to end.` : `Either ${names} still works, or it stands beside the work and never ends; its log tells.`}`,
  };
}
