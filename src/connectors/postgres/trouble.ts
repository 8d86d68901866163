import { facts } from "../../core/words/evidence.ts";
import type { Trouble, TroubleOf } from "../../core/words/trouble.ts";
import { firstFailure } from "./failures/index.ts";

/** Postgres cannot be asked, or shows the bot's role only a part. */
export const postgresTrouble: TroubleOf = (seen) => {
  const failure = firstFailure(seen);
  const isPartly = Object.values(seen).some((one) => one.ok && seesOnlyItsOwn(one.value));
  return [
    ...(failure === undefined ? [] : [cannotAsk(failure)]),
    // Nothing found is no good news from a role that sees its own sessions only (trap pg-privileges).
    ...(isPartly ? [CANNOT_SEE] : []),
  ];
};

const cannotAsk = ({
  id,
  title,
  because,
  advice,
  error,
}: NonNullable<ReturnType<typeof firstFailure>>): Trouble => ({
  id,
  severity: "critical",
  title,
  because,
  evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
  remedy: { key: "recover", title: "Get Postgres back", risk: "high", advice },
});

const seesOnlyItsOwn = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "seesAll" in value && value.seesAll === false;

const CANNOT_SEE: Trouble = {
  id: "cannot-see",
  severity: "info",
  title: "The bot's role does not see what other roles' sessions do",
  because:
    "It lacks pg_monitor: state, waits, statements and ages of others' sessions are hidden from it, so what is missing here may be there all the same.",
  remedy: {
    key: "grantMonitor",
    title: "Let the bot see",
    risk: "low",
    advice:
      "GRANT pg_monitor TO the bot's role (it reads statistics and settings, no data), and pg_signal_backend if it is to end sessions. It applies at once; then run this again.",
  },
};
