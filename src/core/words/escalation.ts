import { z } from "zod";
import { DurationMs } from "./duration.ts";
import { DAMAGES, type Damage } from "./finding.ts";
import { NAME } from "./ids.ts";

const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;

const TARGETS = ["usergroup", "user", "channel", "webhook"] as const;

/** One level of an escalation: exactly one of these is told. A webhook is named as in `webhooks:` of diagbot.yaml. */
export const Level = z
  .strictObject({
    usergroup: z
      .string()
      .regex(/^S[A-Z0-9]{2,20}$/, "the id of a Slack user group (S…), not its handle")
      .optional(),
    user: z
      .string()
      .regex(/^[UW][A-Z0-9]{2,20}$/, "a Slack member id (U…)")
      .optional(),
    channel: z
      .string()
      .regex(/^[CG][A-Z0-9]{2,20}$/, "a channel id (C… or G…)")
      .optional(),
    webhook: z.string().regex(NAME, "a name of `webhooks`").optional(),
  })
  .superRefine((level, context) => {
    const named = TARGETS.filter((kind) => level[kind] !== undefined);
    if (named.length !== 1)
      context.addIssue({ code: "custom", message: `exactly one of ${TARGETS.join(", ")}` });
  });
export type Level = z.infer<typeof Level>;

const after = DurationMs.refine((ms) => ms >= MINUTE && ms <= WEEK, "between 1m and 7d");
/** An empty list: nobody is told. */
const to = z.array(Level).max(10);

/** `escalate:` of diagbot.yaml, and of a system, whose own takes its place. Milliseconds once parsed. */
export const Escalation = z.strictObject({
  /** Nobody answered for so long: the next step is told. */
  after,
  to,
  /** Severities that count besides the critical ones, and what is different for a severity. */
  severities: z
    .record(z.string().min(1).max(60), z.strictObject({ after: after.optional(), to: to.optional() }))
    .default({}),
  /** Harm that findings tell of: who is told, at once without `after`; an answer counts once it comes after it was found. */
  damage: z.partialRecord(z.enum(DAMAGES), z.strictObject({ after: after.optional(), to })).default({}),
  /** Of an incident with a ticket that is not over: how often its thread's channel is reminded of it. */
  remind: DurationMs.refine((ms) => ms >= 15 * MINUTE && ms <= WEEK, "between 15m and 7d").optional(),
});
export type Escalation = z.infer<typeof Escalation>;

/** `event` of what is sent: nobody answers; somebody does; it is over. */
export const ESCALATION_EVENTS = ["trigger", "acknowledge", "resolve"] as const;
export type EscalationEvent = (typeof ESCALATION_EVENTS)[number];

/** Why an incident is escalated: its severity asks for it, a remedy waits for a vote, or harm was found. */
export type EscalationBecause = "severity" | "waiting" | "damage";

/** What was opened there for it. */
export interface Ticket {
  /** As the other side says it; text of others. */
  readonly id: string;
  /** Its address on the web, where the webhook has `link`. */
  readonly link?: string;
}

/** What became of telling somebody; `shown`: the message in the thread is all there is to send. */
export type LevelState = "shown" | "due" | "sending" | "sent" | "failed" | "unknown" | "withdrawn";

/** A step that was taken. */
export interface LevelView {
  readonly turn: number;
  /** From 0 on. */
  readonly level: number;
  readonly target: Level;
  readonly because: EscalationBecause;
  readonly at: Date;
  readonly state: LevelState;
  /** What the other side said, or why it could not be told; text of others. */
  readonly said?: string;
  /** Set with `damage`. */
  readonly damage?: Damage;
  readonly ticket?: Ticket;
  readonly remindedAt?: Date;
}

/** How somebody showed that they look after it; `by`: a person, or a Slack member. */
export interface IncidentAnswer {
  readonly how: "ack" | "reply" | "command" | "vote";
  readonly by: string;
  readonly words?: string;
  readonly at: Date;
}

/** What an incident's escalation is decided on; all on the database's clock. */
export interface EscalationFacts {
  /** How often it had fired before: what was done then counts no more. */
  readonly turn: number;
  /** It has fired since then. */
  readonly since: Date;
  /** A remedy waits for a vote since then. */
  readonly waitingSince?: Date;
  /** The first answer of this turn. */
  readonly answered?: IncidentAnswer;
  /** When the last answer of this turn came. */
  readonly answeredLast?: Date;
  /** Harm that findings of this turn tell of and that is not gone, since it was found. */
  readonly damage?: readonly { readonly kind: Damage; readonly since: Date }[];
  /** Every turn's steps, oldest first. */
  readonly levels: readonly LevelView[];
}
