import { z } from "zod";

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

/** Rows of the audit chain that are in a file, no longer in the database. */
export interface AuditArchive {
  readonly first: number;
  readonly last: number;
  /** Of the last one: the chain goes on from it. */
  readonly hash: string;
  /** Its name, without folder. */
  readonly file: string;
  readonly sha256: string;
}

/** What `diagbot archive` did, or would do. */
export interface Archived {
  /** What went now; absent: nothing is old enough. */
  readonly made?: AuditArchive & { readonly path: string };
  /** Rows that left the database. */
  readonly removed: number;
}

/** What a walk over the audit chain found; `rows`: in the database. `firstBad`: the first row that is not what was written, and why. */
export interface AuditReport {
  readonly rows: number;
  readonly head: { readonly seq: number; readonly hash: string };
  /** Rows that had no place in the chain yet when it was walked: nothing proves that they are as written. */
  readonly unchained: number;
  /** Rows that are in archives; `read`: whose files were read and are as written. */
  readonly archived: { readonly rows: number; readonly read: boolean };
  /** Checkpoints that were held against the chain. */
  readonly checkpoints: number;
  readonly firstBad?: { readonly seq: number; readonly why: string };
  /** Why the checkpoints that should be there prove nothing, or not enough; absent: they do, or none are asked for. */
  readonly checkpointsFlaw?: string;
}

/** `audit:` in diagbot.yaml. */
export const AuditSettings = z.strictObject({
  /** File to append to, or http(s) URL to POST to. */
  checkpoints: z.string().min(1),
  /** Ed25519 private key, PEM; usually `${AUDIT_KEY}`. */
  key: z.string().min(1),
});
export type AuditSettings = z.infer<typeof AuditSettings>;
