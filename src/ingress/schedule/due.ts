import { sha256 } from "../../lib/sha256.ts";

/** A runbook that is started on a system by itself. */
export interface Scheduled {
  readonly system: string;
  readonly runbook: string;
  readonly everyMs: number;
}

/**
 * When the slot of a schedule that `now` falls into has begun. Slots of one schedule begin `everyMs` apart, moved by a part of
 * it that depends on its names only: schedules of the same interval do not all begin at once, and every node counts alike.
 */
export function slotOf({ system, runbook, everyMs }: Scheduled, now: Date): Date {
  const moved = Number.parseInt(sha256(`${system}/${runbook}`).slice(0, 8), 16) % everyMs;
  return new Date(Math.floor((now.getTime() - moved) / everyMs) * everyMs + moved);
}

/** The name of one start: whoever asks for it, it is asked for once. */
export const slotKey = ({ system, runbook }: Scheduled, slot: Date): string =>
  `schedule:${system}:${runbook}:${slot.toISOString()}`;
