import { type ParamField, paramFields } from "../../src/core/rules/param-field.ts";
import type { Action } from "../../src/core/words/action.ts";
import type { AnyRemedy, Runbook } from "../../src/core/words/runbook.ts";
import type { RunbookSource } from "./sources.ts";
import type { ToldApart } from "./told-apart.ts";

/** The page of one runbook, as Markdown. Pure. */
export function runbookPage(
  runbook: Runbook,
  { about, actions }: RunbookSource,
  found: readonly ToldApart[],
): string {
  const reads = actions.filter(({ effect }) => effect === "read");
  const writes = actions.filter(({ effect }) => effect === "write");
  return `${[
    `# ${runbook.title}`,
    "<!-- Written by `npm run docs`; do not edit. -->",
    about,
    `Type \`/diag <system> ${runbook.id}\`, or \`npx diagbot run ${runbook.id} --system <system>\`. ${needs(runbook)}`,
    "## Parameters",
    parameters(paramFields(runbook)),
    "## Alerts that start it",
    alerts(runbook),
    "## What it looks at",
    actionTable(reads),
    "## What it tells apart",
    toldApart(found),
    ...(writes.length === 0 ? [] : ["## What it may change, once approved", actionTable(writes, true)]),
    "## Remedies",
    ...Object.entries(runbook.remedies).map(([key, remedy]) => remedyText(key, remedy)),
    ...(Object.keys(runbook.remedies).length === 0 ? ["None: it only finds."] : []),
    "## Items of the guides it carries out",
    list(runbook.covers.map((id) => `\`${id}\``)) || "None.",
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

/** The list of all runbooks, as Markdown. Pure. */
export function indexPage(runbooks: readonly Runbook[]): string {
  const rows = runbooks.map((runbook) => [
    `[${runbook.id}](${runbook.id}.md)`,
    runbook.title,
    runbook.needs.join(", ") || "–",
    String(Object.values(runbook.remedies).filter(({ advice }) => advice === undefined).length),
    String(Object.values(runbook.remedies).filter(({ advice }) => advice !== undefined).length),
  ]);
  return `${[
    "# Runbooks",
    "<!-- Written by `npm run docs`; do not edit. -->",
    "What diagbot knows. Each page lists what the runbook looks at, what it may change once people approve, and what it advises.",
    table(["runbook", "title", "needs", "remedies it applies", "remedies for people"], rows),
  ].join("\n\n")}\n`;
}

const needs = ({ needs: kinds }: Runbook): string =>
  kinds.length === 0
    ? "It works with whatever connections the system has."
    : `The system needs a connection of kind ${kinds.map((kind) => `\`${kind}\``).join(" and ")}.`;

function parameters(fields: readonly ParamField[]): string {
  if (fields.length === 0) return "None.";
  const rows = fields.map((field) => [
    `\`${field.name}\``,
    [field.kind, bounds(field)].filter((word) => word !== "").join(", "),
    field.default === undefined ? "–" : `\`${String(field.default)}\``,
    field.description,
  ]);
  return table(["name", "what it takes", "default", "meaning"], rows);
}

function bounds({ min, max, choices }: ParamField): string {
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(" ");
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? "" : `at most ${max}`;
}

const alerts = (runbook: Runbook): string =>
  list(
    runbook.alerts.map((match) =>
      Object.entries(match)
        .map(([name, value]) => `\`${name}="${value}"\``)
        .join(" and "),
    ),
  ) || "None of its own; an alert's `runbook` annotation may name it.";

function actionTable(actions: readonly Action[], showRisk = false): string {
  if (actions.length === 0) return "Nothing.";
  const head = showRisk ? ["action", "what it does", "risk", "undo"] : ["action", "what it asks"];
  const rows = actions.map((action) => [
    `\`${action.name}\``,
    action.title,
    ...(showRisk && action.effect === "write"
      ? [action.risk, typeof action.undo === "string" ? "no" : "yes"]
      : []),
  ]);
  return table(head, rows);
}

function toldApart(found: readonly ToldApart[]): string {
  if (found.length === 0) return "There are no recordings of it.";
  const rows = found.map(({ id, severity, title }) => [`\`${id}\``, severity, title]);
  return `What it found in the recordings of it (test/recordings), one example each.\n\n${table(["finding", "severity", "what it says"], rows)}`;
}

function remedyText(key: string, remedy: AnyRemedy): string {
  const title = `### ${remedy.title ?? key} (\`${key}\`, risk ${remedy.risk})`;
  if (remedy.advice !== undefined) {
    const advice =
      typeof remedy.advice === "string"
        ? inline(remedy.advice)
        : "What to do is worked out from what was seen.";
    return `${title}\n\nFor a person to do. ${advice}`;
  }
  const undo =
    remedy.undo === "actions"
      ? "can be taken back, call by call, last first"
      : `cannot be taken back (${remedy.undo.replace(/^none: /, "")})`;
  return `${title}\n\nApplied by diagbot after approval; verified within ${remedy.verify.within}; ${undo}.`;
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join("\n");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

const cell = (text: string): string => inline(text).replaceAll("|", "\\|");

// A "<pid>" outside of code would be read as HTML.
const inline = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;")))
    .join("");
