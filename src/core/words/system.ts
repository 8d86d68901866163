import { z } from "zod";
import { AutoRule } from "./auto.ts";
import type { Connection, ConnectionFace, Kind } from "./connection.ts";
import { Escalation } from "./escalation.ts";
import { SystemLink } from "./link.ts";
import { RISKS } from "./risk.ts";

/** Limits beyond which something is a finding. Ratios 0..1, times in the unit of their name. The guides disagree, so they are per system. */
export const Thresholds = z.strictObject({
  /** Used share of usable Postgres connections. sergas-agents.pool-exhausted */
  connections: z.number().min(0).max(1).default(0.8),
  idleMinutes: z.number().min(0).default(10),
  /** Age of an active statement that counts as slow. The guides say 5 s, 1 min and 5 min. */
  statementSeconds: z.number().positive().default(5),
  /** Time a transaction may sit open and idle. */
  openTransactionSeconds: z.number().positive().default(60),
  p95Seconds: z.number().positive().default(2),
  errorRatio: z.number().min(0).max(1).default(0.05),
  hitRatio: z.number().min(0).max(1).default(0.7),
  disk: z.number().min(0).max(1).default(0.85),
  memory: z.number().min(0).max(1).default(0.8),
  cpu: z.number().min(0).max(1).default(0.7),
  certificateDays: z.number().positive().default(14),
});
export type Thresholds = z.infer<typeof Thresholds>;

/** One set of labels that must all be present with these values. */
export const LabelMatch = z.record(z.string(), z.string());
export type LabelMatch = z.infer<typeof LabelMatch>;

/** A remedy of one system, named `<runbook>.<remedy>`: not offered at all, or only at a higher risk than its own. */
const RemedyRule = z.strictObject({ disable: z.boolean().default(false), risk: z.enum(RISKS).optional() });

/** A system in diagbot.yaml without its connections, whose shape is their kinds' business. */
export const SystemSettings = z.strictObject({
  channel: z.string().min(1).max(80).optional(),
  /** People and roles that may read what is found here; `everybody`: all members. Default: the people of diagbot.yaml. */
  readers: z.array(z.string().min(1)).optional(),
  match: z.array(LabelMatch).default([]),
  /** What alerts call a connection, where its address does not tell: `{ replica: ["pg-exporter-2:9187", "db2.internal"] }`. */
  aliases: z.record(z.string(), z.array(z.string().min(1).max(253)).max(50)).default({}),
  thresholds: Thresholds.prefault({}),
  /** Runbooks this system does not want: nobody can start them there, no alert does. */
  runbooks: z.strictObject({ disable: z.array(z.string()).default([]) }).prefault({}),
  remedies: z.record(z.string(), RemedyRule).default({}),
  /** What may be applied here without a person, by `<runbook>.<remedy>`. Default: nothing. */
  auto: z.record(z.string(), AutoRule).default({}),
  /** Pages to look further on, shown in the first message of its threads. */
  links: z.array(SystemLink).max(6).default([]),
  /** Instead of the common `escalate`; an empty `to`: nobody is told of this system's incidents. */
  escalate: Escalation.optional(),
  /** Whom to ask about findings. `for`: a kind of connection, a connection's name or a runbook; left out: everything. */
  contacts: z
    .array(z.strictObject({ name: z.string(), channel: z.string().optional(), for: z.string().optional() }))
    .default([]),
});

/** A system as configured; `id` is its key in diagbot.yaml. */
export interface System extends z.infer<typeof SystemSettings> {
  readonly id: string;
  /** By name, in the order of diagbot.yaml. */
  readonly connections: Readonly<Record<string, Connection>>;
}

/** Every label of the match has that value. An empty match matches nothing: it would swallow every alert. */
export function labelsMatch(match: LabelMatch, labels: Readonly<Record<string, string>>): boolean {
  // Every alert is held against every name that any runbook knows.
  let isAny = false;
  for (const name in match) {
    if (labels[name] !== match[name]) return false;
    isAny = true;
  }
  return isAny;
}

/** First system one of whose matches fits the labels. */
export const systemOf = (
  systems: readonly System[],
  labels: Readonly<Record<string, string>>,
): System | undefined => systems.find((system) => system.match.some((match) => labelsMatch(match, labels)));

/** Connections of a kind, in the order of diagbot.yaml; the first is what a runbook uses unless told otherwise. */
export const connectionsOf = (system: System, kind: Kind): [string, Connection][] =>
  Object.entries(system.connections).filter(([, connection]) => connection.kind === kind);

/** Kinds of the system's connections, each once, in the order of diagbot.yaml. */
export const kindsOf = (system: System): Kind[] => [
  ...new Set(Object.values(system.connections).map(({ kind }) => kind)),
];

export const facesOf = (system: System): ConnectionFace[] =>
  Object.values(system.connections).map(({ face }) => face);
