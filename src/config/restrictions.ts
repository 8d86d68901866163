import { highestRisk } from "../core/words/risk.ts";
import type { Runbook } from "../core/words/runbook.ts";
import type { System } from "../core/words/system.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { instead } from "./explain.ts";
import type { ConfigFile } from "./schema.ts";

/** Aliases are of connections that are there. */
export function checkAliases(systems: ConfigFile["systems"], document: ConfigDocument): Complaint[] {
  return Object.entries(systems).flatMap(([id, { aliases, connections }]) => {
    const names = Object.keys(connections);
    const path = ["systems", id, "aliases"];
    return Object.keys(aliases)
      .filter((name) => !names.includes(name))
      .map((name) =>
        document.atKey(
          path,
          name,
          `${path.join(".")}: there is no connection "${name}"${instead(name, names)}`,
        ),
      );
  });
}

/** What of `systems.<x>.runbooks` and `remedies` does not fit the runbooks: names that are not there, risks that would be lowered. */
export function checkRestrictions(
  systems: readonly System[],
  runbooks: readonly Runbook[],
  document: ConfigDocument,
): Complaint[] {
  const ids = runbooks.map(({ id }) => id);
  const remedies = runbooks.flatMap(({ id, remedies: own }) => Object.keys(own).map((key) => `${id}.${key}`));
  return systems.flatMap(({ id: system, runbooks: { disable }, remedies: rules }) => [
    ...disable.flatMap((id, i) => {
      const path = ["systems", system, "runbooks", "disable", i];
      return ids.includes(id)
        ? []
        : document.at(path, `${path.join(".")}: there is no runbook "${id}"${instead(id, ids)}`);
    }),
    ...Object.entries(rules).flatMap(([name, { risk }]) => {
      const path = ["systems", system, "remedies"];
      const [id = "", key = ""] = name.split(".");
      const own = runbooks.find((runbook) => runbook.id === id)?.remedies[key];
      if (own === undefined || !remedies.includes(name)) {
        const why = `there is no remedy "${name}"${insteadOf(name, remedies, ids)}`;
        return document.atKey(path, name, `${path.join(".")}: ${why}`);
      }
      if (risk === undefined || highestRisk([risk, own.risk]) === risk) return [];
      const why = `${name} has the risk ${own.risk}, which can be raised but not lowered`;
      return document.at([...path, name, "risk"], `${[...path, name, "risk"].join(".")}: ${why}`);
    }),
  ]);
}

/** The list of all remedies is long: those of its runbook help more. */
export function insteadOf(name: string, remedies: readonly string[], ids: readonly string[]): string {
  const [id = ""] = name.split(".");
  const near = instead(name, remedies);
  if (near.includes("did you mean")) return near;
  const own = remedies.filter((remedy) => remedy.startsWith(`${id}.`));
  if (own.length > 0) return `; ${id} has ${own.join(", ")}`;
  return ids.includes(id) ? `; ${id} has none` : "; write <runbook>.<remedy>";
}
