import type { WriteContext } from "../../core/words/action.ts";
import { refused } from "../before-effect.ts";
import type { DockerClient, EngineCall } from "./client.ts";

/**
 * Sends the one request of a write, bounded by what is left of its time. `target_refused` with nothing sent where that is less
 * than `leastMs` (milliseconds): a write must have no effect after its deadline.
 */
export async function sendWrite(
  client: DockerClient,
  call: EngineCall,
  context: WriteContext,
  { leastMs = 2_000, why = "too little time is left" }: { leastMs?: number; why?: string } = {},
): Promise<Buffer> {
  const left = context.remainingMs();
  if (left < leastMs) throw refused(why);
  return client.request(call, { ...context, timeoutMs: Math.min(context.timeoutMs, left) });
}
