import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { AlertmanagerClient } from "./client.ts";

const MOST_ALERTS = 300;
const MOST_SILENCES = 200;
/** Characters of a label that is looked at. */
export const MOST_NAME = 80;
export const MOST_VALUE = 200;

const RawMatcher = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  /** Of 0.22 and newer; before it every matcher was an equal one. */
  isEqual: z.boolean().default(true),
});
const RawAlert = z.object({
  fingerprint: z.string(),
  labels: z.record(z.string(), z.string()),
  startsAt: z.string(),
  status: z.object({
    state: z.string(),
    silencedBy: z.array(z.string()).default([]),
    inhibitedBy: z.array(z.string()).default([]),
    /** Of 0.28 and newer: time intervals in which its route is mute. */
    mutedBy: z.array(z.string()).default([]),
  }),
  receivers: z.array(z.object({ name: z.string() })).default([]),
});
const RawSilence = z.object({
  id: z.string(),
  status: z.object({ state: z.string() }),
  comment: z.string().default(""),
  createdBy: z.string().default(""),
  startsAt: z.string(),
  endsAt: z.string(),
  matchers: z.array(RawMatcher),
});

export const Alert = z.object({
  fingerprint: z.string(),
  name: z.string(),
  severity: z.string(),
  labels: z.record(z.string(), z.string()),
  since: z.string(),
  silencedBy: z.array(z.string()).max(10),
  inhibitedBy: z.array(z.string()).max(10),
  mutedBy: z.array(z.string()).max(10).optional(),
  /** Those its routes lead to. */
  receivers: z.array(z.string()).max(10).optional(),
});
export type Alert = z.output<typeof Alert>;

export const Silence = z.object({
  id: z.string(),
  /** `active`, `pending`, `expired`. */
  state: z.string(),
  by: z.string(),
  comment: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  matchers: z
    .array(z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean() }))
    .max(50),
});
export type Silence = z.output<typeof Silence>;

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** A matcher as Alertmanager's `filter` takes it: quoted as Go quotes it; a name too where it is one of OpenTelemetry's (`service.name`, 0.27 and newer). */
export const filterOf = (name: string, value: string): string =>
  `${/^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name)}=${quoted(value)}`;

/** Alerts that fire now with these labels and those of the connection; at most 300. */
export async function alertsNow(
  client: AlertmanagerClient,
  labels: Readonly<Record<string, string>>,
  context: ActionContext,
): Promise<{ alerts: Alert[]; total: number }> {
  const wanted = { ...labels, ...client.labels };
  const params = new URLSearchParams(
    Object.entries(wanted).map(([name, value]): [string, string] => ["filter", filterOf(name, value)]),
  );
  const all = parsed(z.array(RawAlert), await client.get("alerts", params, context));
  return { alerts: all.slice(0, MOST_ALERTS).map(alertOf), total: all.length };
}

/** Silences that hold or will; ended ones are left out. */
export async function silencesNow(
  client: AlertmanagerClient,
  context: ActionContext,
): Promise<{ silences: Silence[]; total: number }> {
  const all = parsed(z.array(RawSilence), await client.get("silences", new URLSearchParams(), context));
  const living = all.filter(({ status }) => status.state !== "expired");
  return { silences: living.slice(0, MOST_SILENCES).map(silenceOf), total: living.length };
}

export function parsed<T extends z.ZodType>(shape: T, answer: unknown): z.output<T> {
  const made = shape.safeParse(answer);
  if (made.success) return made.data;
  throw new DiagError("target_error", "the answer is not of Alertmanager's API v2", {
    detail: "not-alertmanager",
  });
}

const alertOf = ({ fingerprint, labels, startsAt, status, receivers }: z.output<typeof RawAlert>): Alert => ({
  fingerprint: clip(fingerprint, 40),
  name: clip(labels.alertname ?? "", 200),
  severity: clip(labels.severity ?? "", 40),
  // Whole or not at all: a silence of a clipped one would hide nothing.
  labels: Object.fromEntries(
    Object.entries(labels)
      .filter(([name, value]) => name.length <= MOST_NAME && value.length <= MOST_VALUE)
      .slice(0, 40),
  ),
  since: startsAt,
  silencedBy: status.silencedBy.slice(0, 10),
  inhibitedBy: status.inhibitedBy.slice(0, 10),
  mutedBy: status.mutedBy.slice(0, 10).map((name) => clip(name, 80)),
  receivers: receivers.slice(0, 10).map(({ name }) => clip(name, 80)),
});

const silenceOf = ({
  id,
  status,
  createdBy,
  comment,
  matchers,
  ...times
}: z.output<typeof RawSilence>): Silence => ({
  id: clip(id, 60),
  state: status.state,
  by: clip(createdBy, 80),
  comment: clip(comment, 200),
  startsAt: times.startsAt,
  endsAt: times.endsAt,
  matchers: matchers
    .slice(0, 50)
    .map((one) => ({ ...one, name: clip(one.name, 80), value: clip(one.value, 200) })),
});

/** `alertname="A", job=~"api.*"`. */
export const sayMatchers = (matchers: Silence["matchers"]): string =>
  matchers
    .map(
      ({ name, value, isRegex, isEqual }) =>
        `${name}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}"${value}"`,
    )
    .join(", ");
