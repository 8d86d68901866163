import { createHmac, timingSafeEqual } from "node:crypto";

/** Slack signs with the second; older or newer than this is refused on both sides. */
export const SKEW_SECONDS = 300;
const MOST = 50_000;

/** Whether the headers could be Slack's, before any of the body is read. */
export const couldBeSigned = (timestamp: string, signature: string, nowMs = Date.now()): boolean =>
  /^\d{1,12}$/.test(timestamp) &&
  /^v0=[0-9a-f]{64}$/.test(signature) &&
  Math.abs(nowMs / 1000 - Number(timestamp)) <= SKEW_SECONDS;

/** Checks Slack's v0 signature in constant time. Unlike Bolt's check it refuses requests from the future as well. */
export function isSigned(
  secret: string,
  request: { timestamp: string; signature: string; body: Buffer },
  nowMs = Date.now(),
): boolean {
  const { timestamp, signature, body } = request;
  if (!couldBeSigned(timestamp, signature, nowMs)) return false;
  const wanted = createHmac("sha256", secret).update(`v0:${timestamp}:`).update(body).digest("hex");
  return timingSafeEqual(Buffer.from(signature), Buffer.from(`v0=${wanted}`));
}

/** Remembers signatures for as long as they are valid: true the first time one is seen in this process. */
export function createReplayGuard(): (signature: string, nowMs?: number) => boolean {
  const seen = new Map<string, number>();
  return (signature, nowMs = Date.now()) => {
    for (const [old, until] of seen) {
      if (until > nowMs && seen.size <= MOST) break;
      seen.delete(old);
    }
    if (seen.has(signature)) return false;
    seen.set(signature, nowMs + 2 * SKEW_SECONDS * 1000);
    return true;
  };
}
