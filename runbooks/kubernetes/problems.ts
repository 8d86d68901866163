import { type Cause, ownerOf, type Pod, type Sight, type Workload, workloadOf } from "./case.ts";
import { type Asked, causeOf } from "./pod-cause.ts";

/** What was asked about: all of it, or one workload, pod or namespace of an alert. */
export interface Target {
  readonly namespace?: string | undefined;
  readonly workload?: string | undefined;
  readonly pod?: string | undefined;
}

/** One cause and the pods of one owner that have it. */
export interface Problem {
  readonly id: string;
  readonly owner: string;
  readonly cause: Cause;
  readonly pods: readonly Pod[];
  readonly workload: Workload | undefined;
}

export function isAsked(pod: Pod, { namespace, workload, pod: name }: Target): boolean {
  if (namespace !== undefined && pod.namespace !== namespace) return false;
  if (name !== undefined) return pod.name === name;
  return workload === undefined || pod.owner?.name === workload || pod.name === workload;
}

/** Nodes that are not heard of, or say themselves that they are not ready. */
export const lostNodes = ({ nodes }: Sight): readonly string[] =>
  nodes?.nodes.filter(({ ready }) => ready !== "yes").map(({ name }) => name) ?? [];

/** What is wrong, one per owner and kind of cause, the gravest owners first. Pods on a lost node are that node's matter. Pure. */
export function problemsOf(sight: Sight, target: Target, asked: Asked): Problem[] {
  const lost = lostNodes(sight);
  const byKey = new Map<
    string,
    { owner: string; cause: Cause; pods: Pod[]; workload: Workload | undefined }
  >();
  for (const pod of sight.pods.pods) {
    if (!isAsked(pod, target) || (pod.node !== null && lost.includes(pod.node))) continue;
    const cause = causeOf(pod, sight, asked);
    if (cause === undefined) continue;
    const owner = ownerOf(pod, sight.pods);
    const id = `${cause.kind}:${owner}`;
    const found = byKey.get(id);
    if (found === undefined) byKey.set(id, { owner, cause, pods: [pod], workload: workloadOf(pod, sight) });
    else found.pods.push(pod);
  }
  return [...byKey].map(([id, one]) => ({ id, ...one }));
}

/** Ids of problems that follow from another: what waits for a service that is down itself, by its name in the last lines. Pure. */
export function effectsOf(problem: Problem, all: readonly Problem[]): string[] {
  return all
    .filter((other) => other.owner !== problem.owner && other.cause.waitsForAnother === true)
    .filter(({ cause }) => wordIn(cause.because, problem.owner.replace(/^.*\//, "")))
    .map(({ id }) => id);
}

const wordIn = (text: string, name: string): boolean =>
  text
    .toLowerCase()
    .split(/[^a-z0-9-]+/)
    .includes(name.toLowerCase());

/** Whether nothing of it serves any more. */
export const isDown = ({ workload, cause }: Problem): boolean =>
  workload === undefined ? cause.isNote !== true : workload.desired > 0 && workload.available === 0;

/** A Deployment whose newest pods fail while an older revision still serves: taking it back helps. */
export function undoOf({ workload, pods, cause }: Problem, { revisions }: Sight) {
  if (workload?.kind !== "Deployment" || !cause.acts.includes("undo")) return undefined;
  const history = revisions?.deployments.find(
    ({ namespace, name }) => namespace === workload.namespace && name === workload.name,
  );
  const [current, ...older] = history?.revisions ?? [];
  const good = older.find(({ ready }) => ready > 0);
  if (history === undefined || current === undefined || good === undefined) return undefined;
  if (!pods.every(({ name }) => name.startsWith(`${current.replicaSet}-`))) return undefined;
  return { workload, current, good, changed: history.changed };
}
