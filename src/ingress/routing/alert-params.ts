import type { Alert } from "../../core/words/alert.ts";
import type { Runbook } from "../../core/words/runbook.ts";
import { subjectOf } from "./subject.ts";

type Labels = Readonly<Record<string, string>>;

/**
 * Parameters of a run an alert starts: from its labels, each only where it fits, then those of its route, which win.
 * Undefined where the runbook cannot run without more.
 */
export function alertParams(
  runbook: Runbook,
  alert: Alert,
  routed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> | undefined {
  const labels = subjectOf(alert.labels);
  const wanted = [
    ...byName(runbook, labels),
    ...Object.entries(fromLabels(runbook, labels)),
    ...Object.entries(routed),
  ];
  let values: Record<string, unknown> = {};
  let accepted = runbook.params.safeParse(values);
  for (const [name, value] of wanted) {
    if (value === undefined || !Object.hasOwn(runbook.params.shape, name)) continue;
    const tried = runbook.params.safeParse({ ...values, [name]: value });
    if (!tried.success && accepted.success) continue;
    values = { ...values, [name]: value };
    accepted = tried;
  }
  return accepted.success ? accepted.data : undefined;
}

/** Labels that fill a parameter of that name, whichever runbook has it. */
const LABELS_OF: Readonly<Record<string, readonly string[]>> = {
  mount: ["mountpoint", "mount", "path"],
  mountpoint: ["mountpoint", "mount", "path"],
  database: ["datname", "database", "dbname"],
  container: ["container", "container_name", "name", "container_label_com_docker_compose_service"],
  service: [
    "container_label_com_docker_compose_service",
    "compose_service",
    "container",
    "container_name",
    "name",
  ],
  pod: ["pod", "pod_name"],
  namespace: ["namespace"],
  deployment: ["deployment"],
  queue: ["queue"],
  table: ["relname", "table"],
  application: ["application_name"],
};

function byName(runbook: Runbook, labels: Labels): [string, unknown][] {
  return Object.keys(runbook.params.shape).flatMap((param) => {
    const label = LABELS_OF[param]?.find((name) => Object.hasOwn(labels, name) && labels[name] !== "");
    return label === undefined ? [] : [[param, labels[label]] satisfies [string, unknown]];
  });
}

/** Labels are text from outside: a `fromAlert` that trips over them must not cost the alert. */
function fromLabels(runbook: Runbook, labels: Labels): Record<string, unknown> {
  try {
    return runbook.fromAlert?.(labels) ?? {};
  } catch {
    return {};
  }
}
