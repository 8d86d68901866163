import pg from "pg";
import { DiagError } from "../../../core/words/errors.ts";

/** The server itself said that the statement is over, and the session lives: nothing of it goes on. */
export const isEnded = (thrown: unknown): thrown is DiagError =>
  thrown instanceof DiagError &&
  thrown.cause instanceof pg.DatabaseError &&
  !/^(57P|08)/.test(thrown.cause.code ?? "57P");

/** What stopped it, in words, where its code is one of the limits that were set for it. */
export function whyEnded({ detail, message }: DiagError): string {
  if (detail === "55P03")
    return "it waited too long for a lock or an older transaction (pg-locks shows who holds it)";
  if (detail === "57014") return "its time was over, or somebody cancelled it";
  return message;
}

/** For what is as before once its statement has ended: proven to be no success, and nothing to be asked. */
export const ended =
  (what: string) =>
  (thrown: unknown): never => {
    if (!isEnded(thrown)) throw thrown;
    throw new DiagError("target_refused", `Postgres: ${what}: ${whyEnded(thrown)}`, {
      ...(thrown.detail === undefined ? {} : { detail: thrown.detail }),
      cause: thrown,
    });
  };
