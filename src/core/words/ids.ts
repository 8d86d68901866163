import { z } from "zod";

/** Number people type: `/diag status 42`. Given by the database, counts up. */
export const RunId = z.coerce.number().int().positive().max(2_147_483_647).brand<"RunId">();
export type RunId = z.infer<typeof RunId>;

export const IncidentId = z.coerce.number().int().positive().max(2_147_483_647).brand<"IncidentId">();
export type IncidentId = z.infer<typeof IncidentId>;

export const ThreadId = z.coerce.number().int().positive().max(2_147_483_647).brand<"ThreadId">();
export type ThreadId = z.infer<typeof ThreadId>;

/** Key of a human in diagbot.yaml (`people:`), never a Slack id: two Slack accounts of one human count once. */
export const PrincipalId = z.string().min(1).max(100).brand<"PrincipalId">();
export type PrincipalId = z.infer<typeof PrincipalId>;

/** Opaque and unguessable (128 random bits); the value of a button. */
export const ApprovalId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .brand<"ApprovalId">();
export type ApprovalId = z.infer<typeof ApprovalId>;

/** Name of a system or of a connection in diagbot.yaml. */
export const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,62})$/i;
