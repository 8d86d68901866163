import type { NotSeen } from "../../core/words/not-seen.ts";
import { hintFor, toRedisError } from "./errors.ts";

/**
 * What a reply keeps from being known where it refuses the question itself; `rule`: the ACL rule that allows it. Empty: it was
 * answered. Throws any other error: that one is about the server as a whole.
 */
export function refusedPart(what: string, reply: unknown, rule: string): NotSeen[] {
  if (!(reply instanceof Error)) return [];
  const error = toRedisError(reply);
  const fix = hintFor(error.detail, rule);
  if (fix === undefined) throw error;
  return [{ what, why: error.message.slice(0, 400), fix }];
}
