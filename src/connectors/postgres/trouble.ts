import { facts } from "../../core/words/evidence.ts";
import type { Trouble, TroubleOf } from "../../core/words/trouble.ts";
import { firstFailure } from "./failures/index.ts";

/** Postgres cannot be asked, or not by as many sessions as the questions need. */
export const postgresTrouble: TroubleOf = (seen) => {
  const failure = firstFailure(seen);
  if (failure === undefined) return [];
  const isAnswered = Object.values(seen).some((one) => one.ok);
  // One of the bot's own sessions was let in: the slots are not all taken, or it has the last one itself.
  return failure.id === "too-many-clients" && isAnswered ? [NO_SECOND_SESSION] : [cannotAsk(failure)];
};

const NO_SECOND_SESSION: Trouble = {
  id: "own-sessions",
  severity: "info",
  title: "diagbot was let in, but got no second session: not everything was asked",
  because:
    "The server has hardly a slot left. diagbot looks with one session where there is no room for more, and some questions want a session of their own.",
  remedy: {
    key: "moreSlots",
    title: "Give the bot slots of its own",
    risk: "low",
    advice:
      "See how many slots are taken (pg-pool-exhausted). So that diagbot can look when they are all taken: on PostgreSQL 16 and later GRANT pg_use_reserved_connections TO the bot's role, with reserved_connections = 3.",
  },
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
  ...(id === "corrupt" ? { damage: "data-loss" } : {}),
  evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
  remedy: { key: "recover", title: "Get Postgres back", risk: "high", advice },
});
