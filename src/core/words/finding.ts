import { z } from "zod";
import { Evidence } from "./evidence.ts";

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Kinds of harm that somebody has to be told of whatever the severity of the alert: `escalate.damage` of diagbot.yaml says who. */
export const DAMAGES = ["data-loss", "security", "disruption", "performance"] as const;
export type Damage = (typeof DAMAGES)[number];

/** What is wrong, why we think so, and which remedies of the runbook answer it. */
export interface Finding<R extends string = string> {
  readonly id: string;
  readonly severity: Severity;
  /** One line: what is wrong, with its figure. */
  readonly title: string;
  /** One or two sentences: the evidence in words and the cause. */
  readonly because: string;
  readonly evidence?: readonly Evidence[];
  readonly remedies?: readonly R[];
  /** The harm that this proves or makes likely; not what might come of it one day. */
  readonly damage?: Damage;
  /** Steps whose failure this is about, where it would be found without them, too: they are evidence, not gaps. */
  readonly restsOn?: readonly string[];
  /** Ids of findings that follow from this one where they are found, too: it is said before them, and its remedies answer them. */
  readonly explains?: readonly string[];
}

/** Id of the finding about what could not be looked at: no problem of the system, but the limit of what is known of it. */
export const COULD_NOT_LOOK = "could-not-look";

/** Ids are names of others in part; the engine clips what is longer. */
export const LONGEST_FINDING_ID = 100;

export const FindingSchema = z.object({
  id: z.string().min(1).max(LONGEST_FINDING_ID),
  severity: z.enum(SEVERITIES),
  title: z.string().min(1),
  because: z.string(),
  evidence: z.array(Evidence).default([]),
  remedies: z.array(z.string()).default([]),
  damage: z.enum(DAMAGES).optional(),
});
export type RecordedFinding = z.infer<typeof FindingSchema>;

/** Gravest first; within a severity in the order given. */
export const bySeverity = (a: { severity: Severity }, b: { severity: Severity }): number =>
  SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity);

/** The gravest of the findings; undefined where there is none. */
export const gravest = (findings: readonly { severity: Severity }[]): Severity | undefined =>
  SEVERITIES.findLast((severity) => findings.some((finding) => finding.severity === severity));
