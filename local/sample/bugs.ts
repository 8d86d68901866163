import { z } from "zod";

/** What the sample worker can be told to do wrong. */
export const Bug = z.discriminatedUnion("bug", [
  z.strictObject({ bug: z.literal("leak-sessions"), count: z.int().min(1).max(200) }),
  z.strictObject({ bug: z.literal("leak-memory"), bytes: z.int().min(1).max(1e9) }),
]);
export type Bug = z.infer<typeof Bug>;
