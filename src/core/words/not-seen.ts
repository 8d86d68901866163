import { z } from "zod";

/**
 * Something an action was asked about and could not see, beside what it returns: a mount it skipped, a command that was refused,
 * an extension that is missing, the rest of a list. An output that carries `notSeen` is said to be partial in every run that
 * read it, by one finding that the engine makes.
 */
export const NotSeen = z.object({
  /** A noun, as in "could not look at …". */
  what: z.string().min(1).max(300),
  /** What was in the way, as the other side says it where it does. */
  why: z.string().min(1).max(500),
  /** What gives it: a GRANT, a flag, a setting. */
  fix: z.string().min(1).max(500).optional(),
});
export type NotSeen = z.infer<typeof NotSeen>;

/** The part of an output that says so; absent or empty: all was seen. */
export const notSeen = z.array(NotSeen).optional();
