import type { Notification } from "../../src/core/words/alert.ts";

/** One alert as the emulated Alertmanager knows it. */
export interface LiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: Date;
  readonly endsAt?: Date;
}

/** Alertmanager's "not yet": the zero time of Go. */
const NOT_ENDED = "0001-01-01T00:00:00Z";

/** The webhook body Alertmanager (version 4 of the format) sends for one group of alerts. */
export function notificationOf(
  alerts: readonly LiveAlert[],
  groupBy: readonly string[],
  place: { readonly receiver: string; readonly url: string },
): Notification {
  const first = alerts[0]?.labels ?? {};
  const groupLabels = Object.fromEntries(
    groupBy.filter((name) => first[name] !== undefined).map((name) => [name, first[name] ?? ""]),
  );
  const firing = alerts.some((alert) => alert.endsAt === undefined);
  return {
    version: "4",
    groupKey: `{}:{${Object.entries(groupLabels)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(", ")}}`,
    truncatedAlerts: 0,
    status: firing ? "firing" : "resolved",
    receiver: place.receiver,
    groupLabels,
    commonLabels: common(alerts.map((alert) => alert.labels)),
    commonAnnotations: common(alerts.map((alert) => alert.annotations)),
    externalURL: place.url,
    alerts: alerts.map((alert) => ({
      status: alert.endsAt === undefined ? "firing" : "resolved",
      labels: { ...alert.labels },
      annotations: { ...alert.annotations },
      startsAt: alert.startsAt.toISOString(),
      endsAt: alert.endsAt?.toISOString() ?? NOT_ENDED,
      generatorURL: `${place.url}/graph`,
      fingerprint: fingerprint(alert.labels),
    })),
  };
}

function common(maps: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...rest] = maps;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((other) => other[name] === value)),
  );
}

/** FNV-1a, 64 bits, over the sorted labels with 0xff between them: prometheus/common model.LabelsToSignature. */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  let hash = 0xcbf29ce484222325n;
  const add = (bytes: Iterable<number>): void => {
    for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  };
  for (const name of Object.keys(labels).sort()) {
    for (const part of [name, labels[name] ?? ""]) {
      add(Buffer.from(part));
      add([0xff]);
    }
  }
  return hash.toString(16).padStart(16, "0");
}
