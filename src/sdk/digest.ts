import { z } from "zod";
import { canonical, type Json } from "../core/words/json.ts";
import { sha256 } from "../lib/sha256.ts";

/**
 * SHA-256 of what something says: plain values as they are, functions by their source text, parameters by their JSON schema.
 * It does not see what a function reaches from outside of itself: helpers of other files, values it closes over. So the
 * version of what brings the runbook along joins in, and for packs the digest of their files.
 */
export const digestOf = (value: unknown): string => sha256(canonical(described(value)));

function described(value: unknown): Json {
  if (typeof value === "function") return value.toString();
  if (value instanceof z.ZodType)
    return described(z.toJSONSchema(value, { io: "input", unrepresentable: "any" }));
  if (Array.isArray(value)) return value.map(described);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, described(one)]));
  return value === undefined ? null : (value as Json);
}
