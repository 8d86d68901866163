import type { AlertView } from "../../core/words/view.ts";

/** Labels that all alerts have, with the same value. */
export function commonLabels(alerts: readonly AlertView[]): Record<string, string> {
  const [first, ...others] = alerts;
  return Object.fromEntries(
    Object.entries(first?.labels ?? {}).filter(([name, value]) =>
      others.every((alert) => Object.hasOwn(alert.labels, name) && alert.labels[name] === value),
    ),
  );
}
