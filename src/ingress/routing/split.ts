import { routeOf } from "../../core/rules/route.ts";
import type { Alert, Notification } from "../../core/words/alert.ts";
import { isHeartbeat, ruleWithoutData } from "../../core/words/alerting.ts";
import type { Route } from "../../core/words/route.ts";

/** What a notification is about: heartbeats apart, and rules without data each in a group of its own. */
export interface Split {
  /** Names of heartbeats in it. */
  readonly heartbeats: readonly string[];
  readonly groups: readonly Notification[];
}

/**
 * Grafana groups all rules without data under one name, though each is a trouble of its own; heartbeats never end, so a group
 * with one would not either. What a route gives a runbook is taken as any other alert.
 */
export function splitGroups(routes: readonly Route[], notification: Notification): Split {
  const heartbeats = new Set<string>();
  const rules = new Map<string, Alert[]>();
  for (const alert of notification.alerts) {
    const isRouted = (routeOf(routes, alert)?.runbooks ?? []).length > 0;
    if (!isRouted && isHeartbeat(alert)) {
      heartbeats.add(alert.labels.alertname ?? "");
      continue;
    }
    const rule = isRouted ? "" : ruleWithoutData(alert);
    rules.set(rule, [...(rules.get(rule) ?? []), alert]);
  }
  const groups = [...rules].map(([rule, alerts]) => ({
    ...notification,
    alerts,
    // Whoever else is in the group this time: a group that changes its key is another incident.
    groupKey: rule === "" ? notification.groupKey : `${notification.groupKey} without data: ${rule}`,
  }));
  return { heartbeats: [...heartbeats], groups };
}
