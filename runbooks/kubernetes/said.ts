import { clip, code, type Evidence, facts, rows } from "../../src/sdk/index.ts";
import { logOf, nameOf, type Pod, type Sight } from "./case.ts";
import { higherLimit } from "./memory-cause.ts";
import { type Problem, undoOf } from "./problems.ts";

/** The container whose limit is raised, as its template has it. */
export function raisesOf(problem: Problem, sight: Sight) {
  const { cause, pods, workload } = problem;
  const [pod] = pods;
  const one = cause.container;
  if (workload === undefined || pod === undefined || one === undefined || !cause.acts.includes("raiseMemory"))
    return [];
  const from = workload.containers.find((other) => other.name === one.name)?.memoryLimit ?? null;
  const to = higherLimit(one, logOf(pod, one, sight));
  // The template was changed already, and the rollout is on its way.
  if (from === null || to === null || from !== one.memoryLimit) return [];
  const { kind, namespace, uid } = workload;
  return [{ kind, namespace, name: workload.name, uid, container: one.name, from, to }];
}

/** One that hangs while its twins serve; what all of them have is no matter of one pod. */
export const replaceable = ({ cause, pods, workload }: Problem): readonly Pod[] =>
  cause.acts.includes("replacePod") &&
  workload !== undefined &&
  workload.available >= 1 &&
  pods.length < workload.desired
    ? pods
    : [];

export const becauseOf = (problem: Problem, sight: Sight): string => {
  const { cause, workload } = problem;
  const undo = undoOf(problem, sight);
  const serves = workload === undefined ? "" : ` ${workload.available} of ${workload.desired} are available.`;
  const since =
    undo === undefined
      ? ""
      : ` Only pods of the newest revision fail; ${undo.good.ready} of revision ${undo.good.revision} still serve.${undo.changed.length === 0 ? "" : ` It changed: ${clip(undo.changed.join("; "), 300)}.`}`;
  return `${cause.because.replace(/([^.!?…])$/, "$1.")}${serves}${since}`;
};

export const ownEffects = ({ workload, cause }: Problem, sight: Sight): string[] =>
  workload === undefined || cause.isNote === true
    ? []
    : ["rollout-stuck", "short"].map((id) => `${id}:${nameOf(workload, sight.pods)}`);

export function remediesOf(problem: Problem, sight: Sight) {
  return [
    ...(undoOf(problem, sight) === undefined ? [] : (["undo"] as const)),
    ...(raisesOf(problem, sight).length === 0 ? [] : (["raiseMemory"] as const)),
    ...(replaceable(problem).length === 0 ? [] : (["replacePod"] as const)),
    problem.cause.advice.key,
  ];
}

export function evidenceOf({ pods, cause }: Problem, sight: Sight): Evidence[] {
  const [pod] = pods;
  const one = cause.container;
  if (pod === undefined) return [];
  const log = one === undefined ? undefined : logOf(pod, one, sight);
  return [
    ...(pods.length > 1
      ? [
          rows("", pods, {
            pod: ({ name: of }) => of,
            node: ({ node }) => node,
            restarts: ({ containers }) => Math.max(0, ...containers.map(({ restarts }) => restarts)),
          }),
        ]
      : [
          facts({
            pod: pod.name,
            node: pod.node ?? "none",
            ...(one === undefined ? {} : { container: one.name, image: one.image, restarts: one.restarts }),
          }),
        ]),
    ...(log === undefined || log.lines.length === 0
      ? []
      : [
          code(
            log.lines.join("\n"),
            `last log lines of ${log.container}${log.previous ? " (the run before)" : ""}`,
          ),
        ]),
  ];
}
