import { DiagError } from "../core/words/errors.ts";
import { BadParameters, type Reply } from "../core/words/reply.ts";
import type { Redact } from "../lib/redact.ts";

/** The same error without the secrets that were typed; what is not ours stays as it is, its words are never answered. */
export function redactError(thrown: unknown, redact: Redact): unknown {
  if (!(thrown instanceof DiagError)) return thrown;
  const { code, message, hint } = thrown;
  return new DiagError(code, redact(message), hint === undefined ? {} : { hint: redact(hint) });
}

/** The answer to something that was refused or could not be stored. */
export const errorReply = (error: DiagError, asked: "change" | "look" = "change"): Reply => ({
  title: asked === "look" && isAway(error) ? "Nothing can be looked up now" : titleOf(error),
  sections: [],
  error: {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error instanceof BadParameters ? { complaints: error.complaints } : {}),
  },
});

const isAway = ({ code }: Pick<DiagError, "code">): boolean =>
  code === "store_unavailable" || code === "timeout";

const titleOf = ({ code }: DiagError): string =>
  isAway({ code }) ? "Not accepted" : code === "not_allowed" ? "Not allowed" : "That did not work";
