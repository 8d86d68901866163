import {
  ApiRefusal,
  at,
  badRequest,
  type Fields,
  invalid,
  isFields,
  type KubeObject,
  qualified,
  statusBody,
  unknownPath,
} from "./objects.ts";
import { selects } from "./selecting.ts";
import { type Place, type Store, scaleOf } from "./store.ts";

/** An emulated cluster and what is special about it at the moment. */
export interface World {
  /** May be put in place of another while it is asked. */
  store: Store;
  readonly logs: Map<string, string>;
  readonly serves: Set<string>;
  /** User by token. */
  readonly users: Map<string, string>;
  denies: (verb: string, resource: string, group: string, namespace: string | undefined) => boolean;
  version: string;
  ready: boolean;
  /** Answers of the metrics API; undefined: it is not there. `down`: registered, and its server is not. */
  metrics: { readonly pods: Fields; readonly nodes: Fields } | "down" | undefined;
  /** An answer to be given instead. */
  fails: (asked: Asked) => Answer | undefined;
  pageSize: number | undefined;
}

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly type: string;
  readonly token: string | undefined;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export function answerTo(world: World, asked: Asked): Answer {
  try {
    const user = asked.token === undefined ? "system:anonymous" : world.users.get(asked.token);
    if (user === undefined)
      throw new ApiRefusal({ status: 401, reason: "Unauthorized", message: "Unauthorized" });
    return world.fails(asked) ?? served(world, asked, user);
  } catch (thrown) {
    if (!(thrown instanceof ApiRefusal)) throw thrown;
    return { status: thrown.refusal.status, body: statusBody(thrown.refusal) };
  }
}

function served(world: World, asked: Asked, user: string): Answer {
  const { pathname } = asked.url;
  if (pathname === "/version")
    return { status: 200, body: { gitVersion: world.version, platform: "linux/amd64" } };
  if (/^\/(readyz|livez|healthz)$/.test(pathname)) return health(world);
  if (pathname.endsWith("/selfsubjectaccessreviews")) return review(world, asked);
  const { version, ...place } = placeOf(pathname);
  authorize(world, asked.method, place, user);
  const api = `${place.group}/${version}/${place.plural}`;
  if (place.group === "metrics.k8s.io") return metricsOf(world, place);
  if (place.group !== "" && place.group !== "apps" && !world.serves.has(api)) throw unknownPath();
  return place.name === undefined ? listOf(world, place, asked, version) : ofOne(world, place, asked);
}

const health = ({ ready }: World): Answer =>
  ready
    ? { status: 200, body: "ok" }
    : { status: 500, body: "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed\n" };

const ROUTE =
  /^\/(?:api\/v1|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<ns>[^/]+)(?=\/))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>[^/]+))?$/;

function placeOf(pathname: string): Place & { readonly version: string } {
  const route = ROUTE.exec(pathname)?.groups;
  if (route === undefined) throw unknownPath();
  const plain = (text: string | undefined) => (text === undefined ? undefined : decodeURIComponent(text));
  return {
    group: route.group ?? "",
    version: route.version ?? "v1",
    plural: route.plural ?? "",
    namespace: plain(route.ns),
    name: plain(route.name),
    sub: route.sub,
  };
}

const VERBS: Readonly<Record<string, string>> = { PATCH: "patch", DELETE: "delete", POST: "create" };

function authorize(world: World, method: string, place: Place, user: string): void {
  const verb = VERBS[method] ?? (place.name === undefined ? "list" : "get");
  const resource = place.sub === undefined ? place.plural : `${place.plural}/${place.sub}`;
  if (user !== "system:anonymous" && !world.denies(verb, resource, place.group, place.namespace)) return;
  const name = place.name === undefined ? "" : ` "${place.name}"`;
  const where =
    place.namespace === undefined ? "at the cluster scope" : `in the namespace "${place.namespace}"`;
  throw new ApiRefusal({
    status: 403,
    reason: "Forbidden",
    message: `${qualified(place.plural, place.group)}${name} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${place.group}" ${where}`,
    details: {
      ...(place.name === undefined ? {} : { name: place.name }),
      ...(place.group === "" ? {} : { group: place.group }),
      kind: place.plural,
    },
  });
}

function metricsOf({ metrics }: World, { plural }: Place): Answer {
  if (metrics === undefined) return { status: 404, body: "404 page not found\n" };
  if (metrics === "down") return { status: 503, body: "service unavailable\n" };
  return { status: 200, body: plural === "pods" ? metrics.pods : metrics.nodes };
}

function review(world: World, { body }: Asked): Answer {
  const spec: unknown = JSON.parse(body);
  const wanted = at(spec, "spec.resourceAttributes");
  if (!isFields(wanted)) throw badRequest("no resourceAttributes");
  const { verb, resource, subresource, group, namespace } = wanted as Record<string, string>;
  const name = subresource === undefined ? `${resource}` : `${resource}/${subresource}`;
  const allowed = !world.denies(verb ?? "", name, group ?? "", namespace);
  return { status: 201, body: { kind: "SelfSubjectAccessReview", status: { allowed } } };
}

function listOf(world: World, place: Place, { url }: Asked, version: string): Answer {
  const query = url.searchParams;
  const all = world.store.list(place).filter(selects(place.plural, query));
  const limit = Math.min(
    Number(query.get("limit") ?? Number.POSITIVE_INFINITY),
    world.pageSize ?? Number.POSITIVE_INFINITY,
  );
  const from = beginOf(query.get("continue"));
  const items = all.slice(from, from + limit).map(({ kind: _kind, apiVersion: _api, ...one }) => one);
  const rest = all.length - from - items.length;
  const apiVersion = place.group === "" ? version : `${place.group}/${version}`;
  return {
    status: 200,
    body: {
      kind: `${all[0]?.kind ?? "Object"}List`,
      apiVersion,
      metadata: {
        resourceVersion: world.store.revision,
        ...(rest > 0
          ? {
              continue: Buffer.from(`from ${from + items.length}`).toString("base64"),
              remainingItemCount: rest,
            }
          : {}),
      },
      items,
    },
  };
}

function beginOf(token: string | null): number {
  if (token === null || token === "") return 0;
  const match = /^from (\d+)$/.exec(Buffer.from(token, "base64").toString("utf8"));
  if (match === null)
    throw badRequest(
      "invalid continue token: continue key is not valid: invalid character 'i' looking for beginning of value",
    );
  return Number(match[1]);
}

function ofOne(world: World, place: Place, asked: Asked): Answer {
  const isDry = dryRunOf(asked.url.searchParams);
  if (place.sub === "log") return logOf(world, place, asked.url.searchParams);
  if (place.sub === "scale") return scale(world, place, asked, isDry);
  if (place.sub !== undefined) throw unknownPath();
  if (asked.method === "GET") return { status: 200, body: world.store.get(place) };
  if (asked.method === "PATCH")
    return { status: 200, body: world.store.patch(place, asked.type, JSON.parse(asked.body), isDry) };
  if (asked.method === "DELETE") {
    const uid = at(asked.body === "" ? {} : JSON.parse(asked.body), "preconditions.uid");
    return {
      status: 200,
      body: world.store.delete(place, typeof uid === "string" ? uid : undefined, isDry),
    };
  }
  throw new ApiRefusal({
    status: 405,
    reason: "MethodNotAllowed",
    message: "the server does not allow this method on the requested resource",
    details: {},
  });
}

function dryRunOf(query: URLSearchParams): boolean {
  const asked = query.get("dryRun");
  if (asked === null || asked === "All") return asked !== null;
  throw new ApiRefusal({
    status: 422,
    reason: "Invalid",
    message: `PatchOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"${asked}"}: supported values: "All"`,
  });
}

function scale(world: World, place: Place, asked: Asked, isDry: boolean): Answer {
  const object = { ...place, sub: undefined };
  if (asked.method === "GET") return { status: 200, body: scaleOf(world.store.get(object)) };
  const found = world.store.get(object);
  const body: unknown = JSON.parse(asked.body);
  const replicas = at(body, "spec.replicas");
  if (typeof replicas === "number" && replicas < 0)
    throw invalid(
      "Scale",
      "autoscaling",
      found.metadata.name,
      "spec.replicas",
      `Invalid value: ${replicas}: must be greater than or equal to 0`,
    );
  const changed = world.store.patch(object, asked.type, body, isDry);
  return { status: 200, body: scaleOf(changed) };
}

function logOf({ store, logs }: World, place: Place, query: URLSearchParams): Answer {
  const pod = store.get({ ...place, sub: undefined });
  const names = namesIn(pod);
  const container = query.get("container") ?? (names.length === 1 ? names[0] : undefined);
  if (container === undefined)
    throw badRequest(
      `a container name must be specified for pod ${place.name}, choose one of: [${names.join(" ")}]`,
    );
  if (![...names, ...namesIn(pod, "initContainers")].includes(container))
    throw badRequest(`container ${container} is not valid for pod ${place.name}`);
  if (!at(pod, "spec.nodeName")) return { status: 204, body: "" };
  const previous = query.get("previous") === "true";
  const text = textOf(
    logs,
    `${place.namespace}/${place.name}/${container}`,
    previous,
    isBetween(pod, container),
  );
  if (text === undefined && previous)
    throw badRequest(`previous terminated container "${container}" in pod "${place.name}" not found`);
  const waiting = waitingOf(pod, container);
  if (text === undefined && waiting !== undefined)
    throw badRequest(`container "${container}" in pod "${place.name}" is waiting to start: ${waiting}`);
  return { status: 200, body: text === undefined || text === "" ? "" : asAsked(text, pod, query) };
}

const STAMPED = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/s;

/** Lines may be kept with the kubelet's time in front; those without were written when the pod began. */
function asAsked(text: string, pod: KubeObject, query: URLSearchParams): string {
  const began = String(at(pod, "status.startTime") ?? "2026-11-22T00:00:00Z");
  const from = Date.now() - Number(query.get("sinceSeconds") ?? Infinity) * 1000;
  const all = text.replace(/\n$/, "").split("\n");
  const lines = all
    .map((line) => STAMPED.exec(line) ?? [line, undefined, line])
    .filter(([, when]) => when === undefined || Date.parse(when) >= from)
    .map(([, when = began, said = ""]) => (query.get("timestamps") === "true" ? `${when} ${said}` : said));
  const tail = lines.slice(-Number(query.get("tailLines") ?? lines.length));
  const body = tail.length === 0 ? "" : `${tail.join("\n")}\n`;
  return body.slice(0, Number(query.get("limitBytes") ?? Infinity));
}

const namesIn = (pod: KubeObject, list = "containers"): string[] => {
  const found = at(pod, `spec.${list}`);
  return Array.isArray(found) ? found.map((one: { name: string }) => one.name) : [];
};

/** Between two runs the log is that of the one that ended. */
function textOf(logs: World["logs"], key: string, previous: boolean, isBetween: boolean): string | undefined {
  if (previous) return logs.get(`${key}?previous`);
  return logs.get(key) ?? (isBetween ? logs.get(`${key}?previous`) : undefined);
}

const isBetween = (pod: KubeObject, container: string): boolean =>
  stateOf(pod, container) === "CrashLoopBackOff";

function stateOf(pod: KubeObject, container: string): unknown {
  const all = ["containerStatuses", "initContainerStatuses"].flatMap((name) => {
    const found = at(pod, `status.${name}`);
    return Array.isArray(found) ? (found as Fields[]) : [];
  });
  return at(
    all.find(({ name }) => name === container),
    "state.waiting.reason",
  );
}

function waitingOf(pod: KubeObject, container: string): string | undefined {
  const reason = stateOf(pod, container);
  if (typeof reason !== "string" || reason === "CrashLoopBackOff") return undefined;
  return /ImagePull/.test(reason) ? "trying and failing to pull image" : reason;
}
