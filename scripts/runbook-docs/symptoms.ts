import { readdirSync, readFileSync } from "node:fs";
import { runbooks } from "../../runbooks/index.ts";
import { toldApart } from "./told-apart.ts";

const examples = new URL("../../docs/examples/", import.meta.url);

/** docs/symptoms.md: from an alert's name, the words of a symptom or a finding to what is typed. */
export function symptomsPage(): string {
  return `${[
    "# By symptom",
    "<!-- Written by `npm run docs`; do not edit. -->",
    "From what is seen to what is typed. Alerts start these runbooks by themselves; `routes:` of diagbot.yaml may say otherwise ([alerts.md](alerts.md)).",
    "## Alerts",
    table(["alert", "runbook"], alerts()),
    "## Symptoms, by system",
    "Words of the pages of the [examples](examples/README.md).",
    table(["symptom", "system", "type"], symptoms()),
    "## What is found",
    "What runbooks found in the recordings of them, one example of each.",
    table(["what it says", "runbook", "finding"], found()),
  ].join("\n\n")}\n`;
}

/** Names of alerts with every runbook that they start. */
function alerts(): string[][] {
  const by = new Map<string, string[]>();
  for (const { id, alerts: all } of runbooks)
    for (const match of all) {
      const name = Object.entries(match)
        .map(([label, value]) => (label === "alertname" ? value : `${label}=${value}`))
        .join(" ");
      by.set(name, [...(by.get(name) ?? []), id]);
    }
  return [...by]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, ids]) => [`\`${name}\``, [...new Set(ids)].map(linked).join(", ")]);
}

const linked = (id: string): string => `[${id}](runbooks/${id}.md)`;

/** Rows of the tables "symptom → type" of the examples' pages. */
function symptoms(): string[][] {
  return readdirSync(examples, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      [
        ...readFileSync(new URL(`${name}/README.md`, examples), "utf8").matchAll(
          /^\| ([^|`[]+?) +\| (.*`\/diag .*?) *\|$/gm,
        ),
      ].map(([, symptom = "", type = ""]) => [symptom, `[${name}](examples/${name}/README.md)`, type]),
    )
    .toSorted(([a = ""], [b = ""]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}

const found = (): string[][] =>
  runbooks
    .flatMap(({ id }) => toldApart(id).map((one) => ({ runbook: id, ...one })))
    .toSorted((a, b) => (a.title.toLowerCase() < b.title.toLowerCase() ? -1 : 1))
    .map(({ runbook, id, title }) => [title, linked(runbook), `\`${id}\``]);

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");

// A "<pid>" outside of code would be read as HTML.
const cell = (text: string): string =>
  text
    .replace(/\s+/g, " ")
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;")))
    .join("")
    .replaceAll("|", "\\|");
