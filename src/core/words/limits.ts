import { z } from "zod";

/** Blast radius: over all runbooks and people. Reserved in the transaction that announces a write. */
export const Limits = z.strictObject({
  /** Writes begun per system within any hour. */
  writesPerSystemHour: z.int().min(1).max(10_000).default(30),
  /** Writes under way at once, over all systems. */
  simultaneousWrites: z.int().min(1).max(1_000).default(5),
  /** Commands and looks of one member within any minute. */
  commandsPerMinute: z.int().min(1).max(100_000).default(30),
});
export type Limits = z.infer<typeof Limits>;
