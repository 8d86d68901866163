import { z } from "zod";
import { sayDuration } from "./duration.ts";

/** The head of the audit chain at a time, signed and kept where the database's owner cannot rewrite it. */
export const Checkpoint = z.strictObject({
  version: z.literal(1),
  seq: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  /** Ed25519 over the canonical JSON of the other members, base64. */
  signature: z.string(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** What a walk over the audit chain found. `firstBad`: the first row that is not what was written, and why. */
export interface AuditReport {
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string };
  /** Checkpoints that were held against the chain. */
  readonly checkpoints: number;
  readonly firstBad?: { readonly seq: number; readonly why: string };
  /** Why the checkpoints that should be there prove nothing, or not enough; absent: they do, or none are asked for. */
  readonly checkpointsFlaw?: string;
}

/** The newest checkpoint may be that much older than the first row it does not cover. Four rounds, and a change of workers. */
export const CHECKPOINT_LAG_MS = 10 * 60_000;

/**
 * Whether checkpoints cover a chain; undefined: they do. `from`: the file they are read from, or the URL they are sent to,
 * which nobody here can read. `newest`: seq of the newest one; undefined: there is none. `uncovered`: the first row behind it.
 */
export function checkpointsFlaw(
  from: { readonly file: string } | { readonly url: string },
  newest: number | undefined,
  uncovered: { readonly seq: number; readonly ageMs: number } | undefined,
): string | undefined {
  if ("url" in from)
    return `the checkpoints were sent to ${from.url}: fetch them from there, and name the file with --checkpoints`;
  if (uncovered === undefined || (newest !== undefined && uncovered.ageMs <= CHECKPOINT_LAG_MS))
    return undefined;
  if (newest === undefined) return `there is no checkpoint in ${from.file}, and the chain has rows`;
  return `the newest checkpoint in ${from.file} is of row ${newest}: row ${uncovered.seq}, written ${sayDuration(uncovered.ageMs)} ago, is not covered`;
}

/** `audit:` in diagbot.yaml. */
export const AuditSettings = z.strictObject({
  /** File to append to, or http(s) URL to POST to. */
  checkpoints: z.string().min(1),
  /** Ed25519 private key, PEM; usually `${AUDIT_KEY}`. */
  key: z.string().min(1),
});
export type AuditSettings = z.infer<typeof AuditSettings>;
