import { ApiRefusal, badRequest, type Fields, isFields } from "./objects.ts";

/** Applies a body by its content type, as the server does. Throws what it answers otherwise. */
export function patched(target: Fields, type: string, body: unknown): Fields {
  if (type === "application/json-patch+json") {
    if (!Array.isArray(body))
      throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    return jsonPatched(target, body as Operation[]);
  }
  if (!isFields(body)) throw badRequest("the body is no object");
  if (type === "application/merge-patch+json") return merged(target, body, false);
  if (type === "application/strategic-merge-patch+json") return merged(target, body, true);
  throw new ApiRefusal({
    status: 415,
    reason: "UnsupportedMediaType",
    message: "415: Unsupported Media Type",
    details: {},
  });
}

/** Lists whose entries a strategic patch merges by name; all other lists it replaces, as a merge patch does with all. */
const BY_NAME = new Set(["containers", "initContainers", "volumes", "env"]);

function merged(target: Fields, patch: Fields, isStrategic: boolean): Fields {
  const made: Fields = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const before = made[name];
    if (value === null) delete made[name];
    else if (isFields(value)) made[name] = merged(isFields(before) ? before : {}, value, isStrategic);
    else if (isStrategic && BY_NAME.has(name) && Array.isArray(value))
      made[name] = byName(Array.isArray(before) ? before : [], value);
    else made[name] = value;
  }
  return made;
}

function byName(before: readonly unknown[], patch: readonly unknown[]): unknown[] {
  const made = [...before];
  for (const one of patch) {
    if (!isFields(one)) continue;
    const index = made.findIndex((other) => isFields(other) && other.name === one.name);
    if (one.$patch === "delete") {
      if (index >= 0) made.splice(index, 1);
      continue;
    }
    // The real one puts what is new first.
    if (index < 0) made.unshift(one);
    else made[index] = merged(made[index] as Fields, one, true);
  }
  return made;
}

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

const UNPROCESSABLE = () =>
  new ApiRefusal({
    status: 422,
    reason: "Invalid",
    message: "the server rejected our request due to an error in our request",
    details: {},
  });

/** `test`, `replace`, `add` and `remove` of members of objects. */
function jsonPatched(target: Fields, operations: readonly Operation[]): Fields {
  const made = structuredClone(target);
  for (const { op, path, value } of operations) {
    const names = path
      .split("/")
      .slice(1)
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop() ?? "";
    const holder = names.reduce<unknown>((inner, name) => (isFields(inner) ? inner[name] : undefined), made);
    if (!isFields(holder)) throw UNPROCESSABLE();
    if (op === "test" && JSON.stringify(holder[last]) !== JSON.stringify(value)) throw UNPROCESSABLE();
    if (op === "replace" && !(last in holder)) throw UNPROCESSABLE();
    if (op === "replace" || op === "add") holder[last] = value;
    if (op === "remove") delete holder[last];
  }
  return made;
}
