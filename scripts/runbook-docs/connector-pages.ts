import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { kinds } from "../../src/connectors/index.ts";
import type { Action } from "../../src/core/words/action.ts";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import { callShape } from "./action-shapes.ts";

const folder = new URL("../../docs/connectors/", import.meta.url);
/** Kinds whose language diagbot speaks. */
const spoken = kinds.filter(({ connector }) => connector !== undefined);
const BEGIN = "<!-- Written by `npm run docs` from the kind's schema and actions; do not edit below. -->";

/** What a JSON Schema says of one setting. */
const Property = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
const Schema = z.looseObject({
  properties: z.record(z.string(), Property).default({}),
  required: z.array(z.string()).default([]),
});

/** File name in docs/connectors/ to what it must hold: what people wrote, and what the kind itself says. */
export function connectorPages(): ReadonlyMap<string, string> {
  const pages = spoken.map((kind): [string, string] => {
    const file = new URL(`${kind.name}.md`, folder);
    const written = existsSync(file) ? readFileSync(file, "utf8") : `# ${kind.name}\n`;
    return [`${kind.name}.md`, pageOf(kind, written)];
  });
  return new Map([["README.md", indexOf(pages)], ...pages]);
}

/** The page of a kind: the part that people write stays, the rest is made anew. Pure. */
export function pageOf(kind: ConnectionKind, written: string): string {
  const own = written.split(BEGIN)[0]?.trimEnd() ?? "";
  // A module has no order of its own that all loaders keep.
  const actions = [...(kind.connector?.actions ?? [])].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const reads = actions.filter(({ effect }) => effect === "read");
  const writes = actions.flatMap((action) => (action.effect === "write" ? [action] : []));
  return `${[
    own,
    BEGIN,
    "## Settings",
    settings(kind),
    ...(reads.length === 0
      ? []
      : [
          "## What is asked",
          table(
            ["action", "what it asks"],
            reads.map(({ name, title }) => [code(name), title]),
          ),
        ]),
    ...(writes.length === 0
      ? []
      : [
          "## What may be changed, once approved",
          table(
            ["action", "what it does", "risk", "undo"],
            writes.map(({ name, title, risk, undo }) => [
              code(name),
              title,
              risk,
              typeof undo === "string" ? "no" : "yes",
            ]),
          ),
        ]),
    ...(actions.length === 0 ? [] : ["## What actions take and return", SIGNS, callShapes(actions)]),
  ].join("\n\n")}\n`;
}

const SIGNS =
  "As a runbook calls them, and what their step gives to a rule. `?`: may be left out, `=`: its default then. Names, texts and numbers are bounded; the types say how.";

const callShapes = (actions: readonly Action[]): string =>
  `\`\`\`ts\n${actions.map(callShape).join("\n\n")}\n\`\`\``;

function settings(kind: ConnectionKind): string {
  const schema = Schema.parse(z.toJSONSchema(kind.settings, { io: "input", unrepresentable: "any" }));
  const rows = Object.entries(schema.properties).flatMap(([name, property]) =>
    name === "kind"
      ? []
      : [
          [
            code(name),
            takes(name, property, kind),
            schema.required.includes(name) ? "required" : fallback(property),
          ],
        ],
  );
  return table(["key", "takes", "default"], rows);
}

function takes(name: string, property: z.output<typeof Property>, { schemes }: ConnectionKind): string {
  const { type, enum: choices, minimum, maximum, properties } = property;
  const urls = Object.keys(schemes);
  if (name === "url" && urls.length > 0)
    return `a URL: ${urls.map((scheme) => code(`${scheme}//`)).join(" or ")}`;
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(", ");
  if (type === "boolean") return "`true` or `false`";
  if (type === "integer" || type === "number") return aNumber(type, minimum, maximum);
  if (type === "array") return `a list${ofItems(property.items)}`;
  if (type !== "object") return "a text";
  const keys = Object.keys(properties ?? {});
  return keys.length === 0 ? "a map" : `a map of ${keys.map(code).join(", ")}`;
}

function aNumber(type: string, minimum?: number, maximum?: number): string {
  const bounds = [
    minimum === undefined ? "" : `from ${minimum}`,
    maximum === undefined ? "" : `to ${maximum}`,
  ];
  return [type === "integer" ? "a whole number" : "a number", ...bounds]
    .filter((word) => word !== "")
    .join(" ");
}

function ofItems(items: unknown): string {
  const item = Property.safeParse(items);
  const keys = Object.keys(item.data?.properties ?? {});
  if (keys.length > 0) return ` of maps with ${keys.map(code).join(", ")}`;
  return item.data?.type === "string" ? " of texts" : "";
}

function fallback({ default: value }: z.output<typeof Property>): string {
  if (value === undefined) return "–";
  const isEmpty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return isEmpty ? "none" : code(JSON.stringify(value).replace(/^"|"$/g, ""));
}

/** The list of all pages. */
function indexOf(pages: readonly (readonly [string, string])[]): string {
  const rows = pages.map(([name, text]) => {
    const [, title = name] = /^# (.+)$/m.exec(text) ?? [];
    const actions = kinds.find((kind) => `${kind.name}.md` === name)?.connector?.actions ?? [];
    const count = (effect: string) => String(actions.filter((action) => action.effect === effect).length);
    return [`[${code(name.replace(/\.md$/, ""))}](${name})`, title, count("read"), count("write")];
  });
  return `${[
    "# Kinds of connections",
    "<!-- Written by `npm run docs`; do not edit. -->",
    "What `kind:` of a connection may be: its settings, the least it needs to be allowed, what is asked of it and what may be changed.",
    table(["kind", "page", "reads", "writes"], rows),
  ].join("\n\n")}\n`;
}

const code = (text: string): string => `\`${text}\``;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
const cell = (text: string): string => text.replace(/\s+/g, " ").replaceAll("|", "\\|");
