import { paramFields } from "../core/rules/param-field.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { columns } from "./columns.ts";

/** The runbooks as a table: what they are about, what they need, what may be set. */
export function runbooksText(runbooks: readonly Runbook[]): string {
  if (runbooks.length === 0) return "no runbooks";
  const rows = runbooks.map((runbook) => [
    runbook.id,
    runbook.title,
    runbook.needs.join(" ") || "–",
    paramFields(runbook)
      .map(({ name, default: value }) => (value === undefined ? name : `${name}=${String(value)}`))
      .join(" ") || "–",
  ]);
  return columns(rows, ["runbook", "what it is about", "needs", "parameters"]);
}

/** The runbooks as JSON. */
export const runbooksJson = (runbooks: readonly Runbook[]) =>
  runbooks.map((runbook) => ({
    id: runbook.id,
    title: runbook.title,
    version: runbook.version,
    digest: runbook.digest,
    needs: runbook.needs,
    covers: runbook.covers,
    guide: runbook.guide ?? null,
    alerts: runbook.alerts,
    params: paramFields(runbook),
    remedies: Object.entries(runbook.remedies).map(([id, remedy]) => ({
      id,
      title: remedy.title ?? null,
      risk: remedy.risk,
      advice: remedy.advice !== undefined,
    })),
  }));
