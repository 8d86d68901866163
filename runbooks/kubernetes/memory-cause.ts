import { sayBytes } from "../../src/sdk/index.ts";
import type { Cause, Container, Log, Pod, Usage } from "./case.ts";

const MIB = 2 ** 20;
/** By how much a limit is raised that was too low, and beyond which it is no correction of one. */
const STEP = 1.5;
const MOST = 4;

/** Bytes of the heap that a Java program was given by its own word (`-Xmx512m`); undefined: it did not say. */
function heapOf(log: Log | undefined): number | undefined {
  const match = /-Xmx(\d{1,7})([mMgG])\b/.exec(log?.lines.join("\n") ?? "");
  return match === null ? undefined : Number(match[1]) * (match[2]?.toLowerCase() === "g" ? 1024 * MIB : MIB);
}

/** The limit a container could have instead, in whole mebibytes; null: it has none, so that none can be raised. */
export function higherLimit(one: Container, log: Log | undefined): number | null {
  if (one.memoryLimit === null) return null;
  const heap = heapOf(log);
  const wanted = Math.max(one.memoryLimit * STEP, heap === undefined ? 0 : heap * 1.25);
  return Math.ceil(Math.min(wanted, one.memoryLimit * MOST) / MIB) * MIB;
}

/** A container that the kernel ended for memory. */
export function memoryCause(pod: Pod, one: Container, log: Log | undefined, usage: readonly Usage[]): Cause {
  const now =
    usage.find(
      (other) => other.pod === pod.name && other.namespace === pod.namespace && other.container === one.name,
    )?.memory ?? null;
  const used = now === null ? "" : ` It uses ${sayBytes(now)} at the moment.`;
  if (one.memoryLimit === null)
    return {
      kind: "oom",
      container: one,
      title: `was killed for memory: its node ran out (${one.name} has no limit)`,
      because: `OOMKilled, and the container has no memory limit: the node itself was short, and the kernel chose it. Either it grew, or others did; to tell them apart: \`kubectl top pods\` on that node and the trend of each.${used}`,
      advice: {
        key: "giveRoom",
        text: "Give the containers on that node requests that are true, and this one a limit; add memory or nodes.",
      },
      acts: [],
    };
  const heap = heapOf(log);
  const tells =
    heap !== undefined && heap > one.memoryLimit
      ? `Its heap may grow to ${sayBytes(heap)} by its own word (-Xmx), which is more than the limit: it is too low for its settings.`
      : "Either the limit is too low for its work, or it leaks; to tell them apart: memory over days. A leak grows steadily whatever it does, and a higher limit only puts it off.";
  return {
    kind: "oom",
    container: one,
    title: `was killed for memory at its limit of ${sayBytes(one.memoryLimit)} (${one.name})`,
    because: `The kernel ended it for memory (OOMKilled): it reached its limit.${one.restarts > 1 ? ` It came back ${one.restarts} times.` : ""}${used} ${tells} Its log just stops: no program writes a line about this.`,
    advice: {
      key: "raiseByHand",
      text: `Limit and request are set where its manifest lies, or the next release takes them back. A leak: take a heap profile of the running one.`,
    },
    acts: ["raiseMemory"],
  };
}
