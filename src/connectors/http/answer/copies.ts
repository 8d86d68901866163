import type { Heard, Known } from "./shape.ts";

/** Older than that, an answer says nothing of now: health checks come every few seconds. */
const OLD_SECONDS = 60;
/** A page may well live in a cache; an answer on somebody's health may not. */
const HEALTH = /health|ready|live|ping|status|alive|up$|heartbeat|probe/i;

/** Where a cache on the way answered in place of the service: `age` stands only in answers of caches (RFC 9111). */
export function copyIn({ headers, path }: Heard, isOwnWord: boolean): Known | undefined {
  if (!isOwnWord && !HEALTH.test(path)) return undefined;
  const age = /^\d{1,9}$/.test(headers.age ?? "") ? Number(headers.age) : undefined;
  const isStale = saysStale(headers);
  if (!isStale && (age === undefined || age <= OLD_SECONDS)) return undefined;
  const old = age === undefined ? "of unknown age" : `${sayAge(age)} old`;
  return {
    cause: "copy",
    reason: isStale
      ? `its own word is that it is stale, ${old}: caches hand such copies out while the service does not answer them, or while they ask again`
      : `it is ${old}`,
  };
}

const saysStale = (headers: Heard["headers"]): boolean =>
  /\b11[01]\b/.test(headers.warning ?? "") ||
  /^(stale|updating)\b/i.test(headers["cf-cache-status"] ?? headers["x-proxy-cache"] ?? "") ||
  /\b(stale|hit-stale)\b/i.test(
    headers["x-cache-status"] ?? headers["cache-status"] ?? headers["x-cache"] ?? "",
  );

function sayAge(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
