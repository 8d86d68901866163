import { type DiagError, toDiagError } from "../core/words/errors.ts";
import type { NotSeen } from "../core/words/not-seen.ts";

/** One part of a look. Undefined: it was not given, and that is among `unseen` now. Throws every other error. */
export type OrUnseen = <T>(what: string, unseen: NotSeen[], look: () => Promise<T>) => Promise<T | undefined>;

/** What is not given (a right, a command or table this product lacks) is said and left out; any other error is one. */
export const orUnseenWhere =
  (isNotGiven: (error: DiagError) => boolean): OrUnseen =>
  async (what, unseen, look) => {
    try {
      return await look();
    } catch (thrown) {
      const error = toDiagError(thrown);
      if (!isNotGiven(error)) throw thrown;
      unseen.push({
        what,
        why: error.message.slice(0, 500),
        ...(error.hint === undefined ? {} : { fix: error.hint }),
      });
      return undefined;
    }
  };

/** The property of an output; absent where all was seen. */
export const told = (unseen: readonly NotSeen[]): { notSeen?: NotSeen[] } =>
  unseen.length === 0 ? {} : { notSeen: [...unseen] };
