import { at, badRequest, type KubeObject } from "./objects.ts";

/** Fields that can be selected by, per kind, as the real server allows them. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: ["metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "spec.restartPolicy"],
  events: [
    "metadata.name",
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
    "reason",
    "type",
  ],
};

/** Whether the object is what `labelSelector` and `fieldSelector` ask for. */
export function selects(plural: string, query: URLSearchParams): (one: KubeObject) => boolean {
  const labels = labelTests(query.get("labelSelector") ?? "");
  const fields = (query.get("fieldSelector") ?? "").split(",").filter((one) => one !== "");
  const tests = fields.map((one) => {
    const [name = "", value = ""] = one.split(/!?==?/);
    if (!(FIELDS[plural] ?? ["metadata.name"]).includes(name))
      throw badRequest(`field label not supported: ${name}`);
    const isNot = one.includes("!=");
    return (object: KubeObject) => (String(at(object, name) ?? "") === value) !== isNot;
  });
  return (object) =>
    labels.every((test) => test(object.metadata.labels ?? {})) && tests.every((test) => test(object));
}

type LabelTest = (labels: Record<string, string>) => boolean;

function labelTests(selector: string): LabelTest[] {
  const parts = selector.split(/,(?![^(]*\))/).filter((one) => one.trim() !== "");
  return parts.map((part): LabelTest => {
    const set = /^\s*([^\s!=]+)\s+(in|notin)\s+(.*)$/.exec(part);
    if (set !== null) {
      const [, name = "", operator, rest = ""] = set;
      if (!rest.startsWith("("))
        throw badRequest(`unable to parse requirement: found '${rest.trim()}' expected: '('`);
      const values = rest.slice(1, -1).split(",");
      return (labels) => values.includes(labels[name.trim()] ?? "") === (operator === "in");
    }
    const equal = /^\s*([^!=]+?)\s*(!=|==?)\s*(.*)$/.exec(part);
    if (equal === null) return (labels) => part.trim() in labels;
    const [, name = "", operator, value] = equal;
    return (labels) => (labels[name] === value?.trim()) === (operator !== "!=");
  });
}
