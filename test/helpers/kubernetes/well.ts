import { recordedCluster } from "./fixtures.ts";
import type { KubeObject } from "./objects.ts";

/** Names of what is well in the recorded cluster. */
const WELL = /^(api-server|worker|redis|node-|production|seed-data|cleanup|data-redis)/;

/** Its only budget never lets a pod go, and its autoscalers have no metrics. */
const NOT_WELL = ["Event", "HorizontalPodAutoscaler", "PodDisruptionBudget"];

/** The recorded cluster without what fails in it: three workloads, their nodes, a completed job. */
export const wellCluster = (): KubeObject[] =>
  recordedCluster().filter(
    ({ kind = "", metadata: { name } }) => !NOT_WELL.includes(kind) && WELL.test(name),
  );

/** One recorded object, to be changed and put. */
export function theOne(kind: string, begins: string): KubeObject {
  const found = recordedCluster().find((one) => one.kind === kind && one.metadata.name.startsWith(begins));
  if (found === undefined) throw new Error(`no ${kind} ${begins} is recorded`);
  return structuredClone(found);
}

/** The moment the recorded cluster's lists were taken. */
const RECORDED_AT = Date.parse("2026-11-22T02:14:30Z");

/** The same objects as they would stand there now: all their times as long ago as they were then. */
export function asOfNow(objects: readonly KubeObject[], from = RECORDED_AT): KubeObject[] {
  const later = Date.now() - from;
  const text = JSON.stringify(objects).replace(
    /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z"/g,
    (_all, at: string) => `"${new Date(Date.parse(`${at}Z`) + later).toISOString().replace(/\.\d+Z/, "Z")}"`,
  );
  return JSON.parse(text) as KubeObject[];
}
