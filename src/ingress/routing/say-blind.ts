import type { Catalog } from "../../core/ports/catalog.ts";
import { missingKinds } from "../../core/rules/runnable.ts";
import { sayConnections } from "../../core/words/format.ts";
import type { Decision } from "../../core/words/route.ts";
import type { System } from "../../core/words/system.ts";
import { subjectOf } from "./subject.ts";

type Labels = Readonly<Record<string, string>>;

/** Names as Kubernetes allows them: they may stand in a command to paste. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/;

/**
 * What people are told of an alert that runbooks know and the system has no connection for: whatever is looked at instead says nothing
 * of what it is about. Undefined: at least one of them can look, or none knows it. Pure.
 */
export function sayBlind(
  { runbooks }: Catalog,
  system: System,
  { alert, by, runbooks: ids, system: own }: Decision,
): string | undefined {
  if (!["name", "annotation"].includes(by) || (own !== undefined && own.id !== system.id)) return undefined;
  const known = runbooks.filter(({ id }) => ids.includes(id));
  const lacking = known.map((runbook) => missingKinds(system, runbook));
  const [first] = lacking;
  if (first === undefined || lacking.some((kinds) => kinds.length === 0)) return undefined;
  const { alertname = "" } = alert.labels;
  return `${alertname} is what ${known.map(({ id }) => id).join(" and ")} look${known.length === 1 ? "s" : ""} at, which needs ${sayConnections(first)}; ${system.id} has none, so whatever is found here says nothing of it${byHand(first, subjectOf(alert.labels))}`;
}

/** How a person sees it without diagbot. */
function byHand(kinds: readonly string[], { namespace = "", pod = "", container = "" }: Labels): string {
  if (!kinds.includes("kubernetes") || !NAME.test(namespace) || !NAME.test(pod)) return "";
  const part = NAME.test(container) ? ` -c ${container}` : "";
  return `. By hand: kubectl -n ${namespace} describe pod ${pod}; kubectl -n ${namespace} logs ${pod}${part} --previous`;
}
