import { z } from "zod";
import { missingDataOf } from "./alerting.ts";
import { DurationMs } from "./duration.ts";

/** `alerts` of diagbot.yaml; milliseconds once parsed. */
export const AlertSettings = z.strictObject({
  /** After a run has begun, the same is not diagnosed again for so long when the alert flaps. */
  quiet: DurationMs.default(5 * 60_000),
  /** Nothing was heard of a firing alert for so long: nobody knows whether it still fires. Longer than `repeat_interval`. */
  stale: DurationMs.default(12 * 3_600_000),
});
export type AlertSettings = z.infer<typeof AlertSettings>;

/** Some senders write null for "there are none", and for a text that is empty. */
const Text = z
  .string()
  .nullish()
  .transform((text) => text ?? "");
/** Values are texts; a custom payload or a script writes numbers and truths as they are. */
const Value = z
  .union([z.string(), z.number(), z.boolean()])
  .nullish()
  .transform((value) => (value == null ? "" : String(value)));
const Labels = z
  .record(z.string(), Value)
  .nullish()
  .transform((labels) => labels ?? {});

/** One alert of a notification; unknown members are kept away, known ones checked. */
export const Alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: Labels,
  annotations: Labels,
  startsAt: z.iso.datetime({ offset: true }),
  endsAt: Text,
  generatorURL: Text,
  fingerprint: Text,
});
export type Alert = z.infer<typeof Alert> & {
  /** Identity of the labels as they came in, where something has been taken out of them since. */
  readonly labelsSha256?: string;
};

/** Alertmanager's webhook, version 4 (template.Data plus version, groupKey, truncatedAlerts). */
export const Notification = z.object({
  version: z.literal("4"),
  groupKey: z.string().min(1),
  truncatedAlerts: z.int().min(0).default(0),
  status: z.enum(["firing", "resolved"]),
  receiver: Text,
  groupLabels: Labels,
  commonLabels: Labels,
  commonAnnotations: Labels,
  externalURL: Text,
  alerts: z.array(Alert).min(1),
});
export type Notification = Omit<z.infer<typeof Notification>, "alerts"> & { readonly alerts: Alert[] };

/** A group is resolved only when every alert we were shown is, and none was cut off: the group status lies with max_alerts. */
export const isResolved = (notification: Pick<Notification, "alerts" | "truncatedAlerts">): boolean =>
  notification.truncatedAlerts === 0 && notification.alerts.every((alert) => alert.status === "resolved");

/** Name of the group for people: the alertname all share, or the first one and how many others. */
export function groupTitle(
  notification: Pick<Notification, "alerts" | "groupLabels" | "commonLabels">,
): string {
  const missing = notification.alerts.map(missingDataOf);
  const rules = [...new Set(missing.flatMap((one) => (one === undefined ? [] : one.rule)))];
  if (rules.length > 0 && !missing.includes(undefined))
    return `No data for ${rules[0]}${rules.length > 1 ? ` and ${rules.length - 1} more` : ""}`;
  const shared = notification.groupLabels.alertname ?? notification.commonLabels.alertname;
  if (shared !== undefined) return shared;
  const names = [...new Set(notification.alerts.map((alert) => alert.labels.alertname ?? "alert"))];
  return names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? "alert");
}

/** Severities are everybody's own words; these mean that somebody must come now. */
export const isCritical = (severity: string): boolean => /crit|page|fatal|emerg/i.test(severity);
