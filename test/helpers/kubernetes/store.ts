import { ApiRefusal, at, conflict, type Fields, type KubeObject, notFound } from "./objects.ts";
import { patched } from "./patches.ts";
import { settle, validate } from "./rules.ts";

/** Where an object lies: without its version, which is a way to look at it. */
export interface Place {
  readonly group: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  readonly name?: string | undefined;
  readonly sub?: string | undefined;
}

const PLURALS: Readonly<Record<string, string>> = {
  Endpoints: "endpoints",
  Ingress: "ingresses",
  NetworkPolicy: "networkpolicies",
};
export const pluralOf = (kind: string): string => PLURALS[kind] ?? `${kind.toLowerCase()}s`;
const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

/** The objects of an emulated cluster, with the resourceVersions and generations a real one gives them. */
export class Store {
  readonly #objects = new Map<string, KubeObject>();
  #revision = 100_000;
  /** Whether controllers are there, and bring about at once what is wanted. */
  settles = true;

  constructor(objects: readonly KubeObject[]) {
    for (const one of objects) this.put(one);
  }

  /** Adds or replaces an object. */
  put(object: KubeObject): KubeObject {
    const { kind = "", apiVersion = "v1" } = object;
    const place = { group: groupOf(apiVersion), plural: pluralOf(kind), ...this.#named(object) };
    const made: KubeObject = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: this.#next() },
    };
    this.#objects.set(keyOf(place), made);
    return made;
  }

  remove(kind: string, apiVersion: string, namespace: string | undefined, name: string): void {
    this.#objects.delete(keyOf({ group: groupOf(apiVersion), plural: pluralOf(kind), namespace, name }));
  }

  /** The object itself, to be changed from outside: whoever does must call `touch`. */
  get(place: Place): KubeObject {
    const found = this.#objects.get(keyOf(place));
    if (found === undefined) throw notFound(place.plural, place.group, place.name ?? "");
    return found;
  }

  /** Another one has changed it: its resourceVersion moves. */
  touch(object: KubeObject): void {
    object.metadata.resourceVersion = this.#next();
  }

  list({ group, plural, namespace }: Place): KubeObject[] {
    const begin = `${group}/${plural}/`;
    return [...this.#objects]
      .filter(
        ([key, one]) =>
          key.startsWith(begin) && (namespace === undefined || one.metadata.namespace === namespace),
      )
      .map(([, one]) => one)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  get revision(): string {
    return String(this.#revision);
  }

  /** As the server: resourceVersion and uid in the body are preconditions; a changed spec raises the generation. */
  patch(place: Place, type: string, body: unknown, isDry: boolean): KubeObject {
    const before = this.get(place);
    const made = patched(before as unknown as Fields, type, body) as KubeObject;
    if (made.metadata.resourceVersion !== before.metadata.resourceVersion)
      throw conflict(place.plural, place.group, before.metadata.name);
    if (made.metadata.uid !== before.metadata.uid)
      throw new ApiRefusal({
        status: 409,
        reason: "Conflict",
        message: `Precondition failed: UID in precondition: ${made.metadata.uid}, UID in object meta: ${before.metadata.uid}`,
        details: { name: before.metadata.name, kind: place.plural },
      });
    validate(place.plural, place.group, made);
    if (JSON.stringify(made) === JSON.stringify(before)) return before;
    const isOther = JSON.stringify(made.spec) !== JSON.stringify(before.spec);
    if (isOther && made.metadata.generation !== undefined)
      made.metadata = { ...made.metadata, generation: made.metadata.generation + 1 };
    if (isDry) return made;
    made.metadata = { ...made.metadata, resourceVersion: this.#next() };
    if (this.settles) settle(made);
    if (this.settles && isOther) this.#replaceUnready(made);
    this.#objects.set(keyOf(place), made);
    return made;
  }

  /** Controllers put others, that are well, in the place of pods that do not serve: those are no longer there. */
  #replaceUnready({ metadata: { name, namespace } }: KubeObject): void {
    for (const [key, one] of this.#objects) {
      const isOwn =
        one.kind === "Pod" &&
        one.metadata.namespace === namespace &&
        one.metadata.ownerReferences?.some(
          (owner) => owner.name === name || owner.name.startsWith(`${name}-`),
        );
      const conditions = (one.status?.conditions ?? []) as readonly { type: string; status: string }[];
      if (isOwn === true && conditions.every(({ type, status }) => type !== "Ready" || status !== "True"))
        this.#objects.delete(key);
    }
  }

  /** Deletes a pod; where controllers are there, another one with another uid takes its place. */
  delete(place: Place, precondition: string | undefined, isDry: boolean): KubeObject {
    const found = this.get(place);
    const { uid, name } = found.metadata;
    if (precondition !== undefined && precondition !== uid)
      throw new ApiRefusal({
        status: 409,
        reason: "Conflict",
        message: `Operation cannot be fulfilled on ${found.kind} "${name}": the UID in the precondition (${precondition}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
        details: { name, kind: found.kind ?? "" },
      });
    const going = {
      ...found,
      metadata: {
        ...found.metadata,
        deletionTimestamp: "2026-11-22T02:18:54Z",
        deletionGracePeriodSeconds: 30,
      },
    };
    if (isDry) return going;
    if (!this.settles) {
      this.#objects.set(keyOf(place), going);
      return going;
    }
    this.#objects.delete(keyOf(place));
    if (found.metadata.ownerReferences?.some(({ controller }) => controller === true))
      this.put({
        ...found,
        metadata: {
          ...found.metadata,
          name: `${name.replace(/-[^-]+$/, "")}-new${this.#revision}`,
          uid: `u-${this.#revision}`,
        },
        status: {
          ...found.status,
          phase: "Running",
          conditions: [{ type: "Ready", status: "True" }],
          containerStatuses: [],
        },
      });
    return going;
  }

  #next(): string {
    this.#revision += 1;
    return String(this.#revision);
  }

  #named(object: KubeObject): { namespace: string | undefined; name: string } {
    return { namespace: object.metadata.namespace, name: object.metadata.name };
  }
}

const keyOf = ({ group, plural, namespace, name }: Place): string =>
  `${group}/${plural}/${namespace ?? ""}/${name ?? ""}`;

/** A Deployment or StatefulSet through its subresource `scale`. */
export const scaleOf = (object: KubeObject): KubeObject => ({
  kind: "Scale",
  apiVersion: "autoscaling/v1",
  metadata: {
    name: object.metadata.name,
    ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    uid: object.metadata.uid,
    resourceVersion: object.metadata.resourceVersion ?? "",
  },
  spec: { replicas: at(object, "spec.replicas") ?? 1 },
  status: { replicas: at(object, "status.replicas") ?? 0 },
});
