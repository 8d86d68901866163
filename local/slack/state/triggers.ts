import { SlackError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { TEAM } from "./identity.ts";

interface Trigger {
  readonly user: string;
  readonly at: number;
  used: boolean;
}

/** trigger_ids: good once, and only for a moment. */
export class Triggers {
  private readonly all = new Map<string, Trigger>();
  private readonly clock: Clock;
  private readonly ttlMs: number;

  constructor(clock: Clock, ttlMs: number) {
    this.clock = clock;
    this.ttlMs = ttlMs;
  }

  issue(user: string): string {
    const id = `${this.clock.id("")}.${TEAM.id}.${this.clock.id("")}`;
    this.all.set(id, { user, at: this.clock.now(), used: false });
    return id;
  }

  /** The person behind a trigger_id. Throws `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`. */
  spend(id: string): string {
    const trigger = this.all.get(id);
    if (trigger === undefined) throw new SlackError("invalid_trigger_id");
    if (trigger.used) throw new SlackError("exchanged_trigger_id");
    if (this.clock.now() - trigger.at > this.ttlMs) throw new SlackError("expired_trigger_id");
    trigger.used = true;
    return trigger.user;
  }
}
