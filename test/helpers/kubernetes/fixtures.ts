import { readFileSync } from "node:fs";
import { type Fields, isFields, type KubeObject } from "./objects.ts";

/** One recorded request and its answer; see test/fixtures/kubernetes/README.md. */
export interface Exchange {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly as?: string;
    readonly body: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
  readonly note: string;
}

const cache = new Map<string, readonly Exchange[]>();

/** The exchanges of one file. What is returned is the caller's own. */
export function recorded(file: string): readonly Exchange[] {
  let found = cache.get(file);
  if (found === undefined) {
    const path = new URL(`../../fixtures/kubernetes/${file}.json`, import.meta.url);
    found = JSON.parse(readFileSync(path, "utf8")) as Exchange[];
    cache.set(file, found);
  }
  return structuredClone(found);
}

/** The items of the list that a file's exchange holds, with the kind that a list leaves out of them. */
export function itemsOf({ response: { body } }: Exchange): KubeObject[] {
  if (!isFields(body) || !Array.isArray(body.items)) throw new Error("the exchange holds no list");
  const kind = String(body.kind).replace(/List$/, "");
  return (body.items as KubeObject[]).map((one) => ({ kind, apiVersion: String(body.apiVersion), ...one }));
}

export const bodyOf = ({ response: { body } }: Exchange): Fields => {
  if (!isFields(body)) throw new Error("the exchange holds no object");
  return body;
};

/** Paths of which a whole list was recorded, and the files they stand in. */
const LISTS: readonly (readonly [file: string, path: string])[] = [
  ["workloads", "/apis/apps/v1/namespaces/production/deployments"],
  ["workloads", "/apis/apps/v1/namespaces/production/replicasets?labelSelector=app%3Dapi-server"],
  ["workloads", "/apis/apps/v1/daemonsets"],
  ["pods-list", "/api/v1/namespaces/production/pods"],
  ["services-endpoints", "/api/v1/namespaces/production/services"],
  ["services-endpoints", "/apis/networking.k8s.io/v1/namespaces/production/ingresses"],
  ["quota", "/api/v1/namespaces/production/resourcequotas"],
  ["quota", "/api/v1/namespaces/production/limitranges"],
  ["storage", "/api/v1/namespaces/production/persistentvolumeclaims"],
  ["nodes", "/api/v1/nodes"],
  ["jobs-read", "/apis/batch/v1/namespaces/production/jobs"],
  ["jobs-read", "/apis/batch/v1beta1/namespaces/production/cronjobs"],
  ["hpa", "/apis/autoscaling/v2beta2/namespaces/production/horizontalpodautoscalers"],
  ["cordon-drain", "/apis/policy/v1beta1/namespaces/production/poddisruptionbudgets"],
  ["namespaces", "/api/v1/namespaces"],
];

/** All objects of the recorded cluster at the moment of its first lists. */
export function recordedCluster(): KubeObject[] {
  const lists = LISTS.flatMap(([file, path]) => {
    const found = recorded(file).find(
      (one) =>
        one.request.path === path &&
        one.response.status === 200 &&
        !/Table|Partial/.test(JSON.stringify(one.request.headers)),
    );
    if (found === undefined) throw new Error(`${path} is not recorded in ${file}`);
    return itemsOf(found);
  });
  const statefulSet = recorded("workloads").find((one) => one.request.path.endsWith("/statefulsets/redis"));
  const events = recorded("events")
    .filter((one) => one.response.status === 200 && one.request.path.startsWith("/api/v1/"))
    .flatMap(itemsOf);
  const endpoints = recorded("services-endpoints")
    .filter(({ request, response }) => request.path.includes("/endpoints/") && response.status === 200)
    .map((one) => bodyOf(one) as KubeObject);
  const objects = [
    ...lists,
    ...events,
    ...endpoints,
    ...(statefulSet ? [bodyOf(statefulSet) as KubeObject] : []),
  ];
  // An event may stand in several lists.
  return [...new Map(objects.map((one) => [one.metadata.uid, one])).values()];
}

/** The recorded logs, by `namespace/pod/container`; `previous` ones end in `?previous`. */
export function recordedLogs(): Map<string, string> {
  const logs = new Map<string, string>();
  const only = new Map(recordedPods().map((one) => [one.metadata.name, containerOf(one)]));
  for (const { request, response } of [...recorded("logs"), ...recorded("rollout-stuck")]) {
    const match = /\/namespaces\/([^/]+)\/pods\/([^/]+)\/log\??(.*)$/.exec(request.path);
    if (match === null || response.status !== 200 || typeof response.body !== "string") continue;
    const [, namespace, pod = "", query = ""] = match;
    const words = new URLSearchParams(query);
    if (words.has("limitBytes") || words.get("tailLines") === "0") continue;
    const container = words.get("container") ?? only.get(pod) ?? "";
    const key = `${namespace}/${pod}/${container}${words.has("previous") && words.get("previous") !== "false" ? "?previous" : ""}`;
    if (!logs.has(key)) logs.set(key, response.body);
  }
  return logs;
}

const recordedPods = (): KubeObject[] =>
  ["pods-list", "rollout-stuck"].flatMap((file) =>
    recorded(file)
      .filter(
        ({ request, response }) =>
          /\/pods(\?|$)/.test(request.path) && isFields(response.body) && response.body.kind === "PodList",
      )
      .flatMap(itemsOf),
  );

/** The only container, or the first. */
function containerOf({ spec }: KubeObject): string {
  const [first] = (spec?.containers ?? []) as { name: string }[];
  return first?.name ?? "";
}
