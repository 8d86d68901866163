import { ownerOf, type Pod, type Pods, type Sight } from "./case.ts";
import { type Asked, causeOf } from "./pod-cause.ts";
import { isAsked, type Target } from "./problems.ts";

const MOST = 16;

/**
 * Logs that tell why containers ended or are not ready: of every owner one first, then of its twins. Of one that runs again
 * the run before is read; of one that waits to be restarted the log is that of the run that ended.
 */
export function logsAsked(sight: Sight, target: Target, asked: Asked) {
  const wanted = sight.pods.pods
    .filter((pod) => isAsked(pod, target))
    .flatMap((pod) => {
      const cause = causeOf(pod, sight, asked);
      const one = cause?.container;
      if (one === undefined || one.state === "unknown" || cause?.kind === "image" || cause?.kind === "config")
        return [];
      const previous = one.state === "running" && cause?.kind !== "not-ready";
      return [{ pod, call: { namespace: pod.namespace, pod: pod.name, container: one.name, previous } }];
    });
  return byTurns(wanted, sight.pods)
    .slice(0, MOST)
    .map(({ call }) => call);
}

/** The first of each owner, then the second of each, …: no owner with many pods keeps the others out. */
function byTurns<T extends { readonly pod: Pod }>(all: readonly T[], pods: Pods): T[] {
  const turn = new Map<string, number>();
  return all
    .map((one) => {
      const owner = ownerOf(one.pod, pods);
      const n = turn.get(owner) ?? 0;
      turn.set(owner, n + 1);
      return { one, n };
    })
    .sort((a, b) => a.n - b.n)
    .map(({ one }) => one);
}
