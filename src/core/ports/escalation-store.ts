import type {
  EscalationBecause,
  EscalationEvent,
  EscalationFacts,
  Level,
  Ticket,
} from "../words/escalation.ts";
import type { Damage } from "../words/finding.ts";
import type { IncidentId, ThreadId } from "../words/ids.ts";

/** An incident that fires, for which somebody may have to be told. */
export interface Unanswered {
  readonly incident: IncidentId;
  readonly thread: ThreadId;
  readonly system?: string;
  readonly severity: string;
  readonly facts: EscalationFacts;
  /** On the database's clock. */
  readonly now: Date;
  /** The posted first message of its thread. */
  readonly root?: { readonly channel: string; readonly ts: string };
}

/** A step that is to be written down. `keyed`: see isKeyed; absent: the thread is all there is to send. */
export interface NewLevel {
  readonly incident: IncidentId;
  /** What the caller decided on: where it has moved nothing is written. */
  readonly turn: number;
  readonly level: number;
  readonly target: Level;
  readonly because: EscalationBecause;
  /** Set with `damage`. */
  readonly damage?: Damage;
  readonly webhook?: { readonly keyed: boolean };
}

/** Somebody outside of Slack is to be told, by this process until the deadline. */
export interface Delivery {
  readonly incident: IncidentId;
  readonly thread: ThreadId;
  readonly turn: number;
  readonly level: number;
  readonly event: EscalationEvent;
  readonly webhook: string;
  /** From 1 on. */
  readonly attempt: number;
  /** What was opened there when it was told first. */
  readonly ticket?: Ticket;
}

/** What came of it. `again`: surely not taken, or known again by the other side: tried again later. */
export interface Told {
  readonly state: "sent" | "failed" | "unknown" | "again";
  readonly said: string;
  /** What the other side has opened for it. */
  readonly ticket?: Ticket;
}

/** Escalations are rows: every step of a turn is one, whichever process takes it. */
export interface EscalationStore {
  /** Incidents that fire and are heard of, with a number above `after`, by number; none while remedies are frozen. */
  unanswered(after: number, limit: number): Promise<Unanswered[]>;
  /** One of them, if it still is. */
  unansweredOne(incident: IncidentId): Promise<Unanswered | undefined>;
  /** Takes the step, unless it is taken or the incident is answered, over, frozen or told of by another of its storm. */
  raise(level: NewLevel): Promise<boolean>;
  /** Somebody looks after it, which no row of ours had said yet. */
  noteAnswer(
    incident: IncidentId,
    turn: number,
    answer: { readonly how: "reply" | "command"; readonly by: string },
  ): Promise<void>;
  /** Writes in the channel of its thread that the ticket of this step is still open, unless that was done or it is over. */
  remind(incident: IncidentId, turn: number, level: number, afterMs: number): Promise<void>;
  /** Steps whose webhook (one of `webhooks`) has been told hear that it is answered or over. Returns how many. */
  tellEnds(webhooks: readonly string[]): Promise<number>;
  /** Takes the next delivery that is due in hand for `leaseMs`; what was answered meanwhile is withdrawn. */
  claimDelivery(leaseMs: number): Promise<Delivery | undefined>;
  /** What came of an delivery this process has in hand. `mostAttempts`: then `again` is `failed`. */
  settle(delivery: Delivery, told: Told, mostAttempts: number): Promise<void>;
}
