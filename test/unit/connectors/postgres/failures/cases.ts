import { expect, it } from "vitest";
import { failureOf } from "../../../../../src/connectors/postgres/failures/index.ts";

/** What is made of an error with this SQLSTATE or code of the driver. */
export const failure = (detail: string, message: string, said: Record<string, string> = {}) =>
  failureOf({ code: "target_error", message: `Postgres: ${message}`, detail, said });

/** An error, and the id and title of what is made of it. */
type Case = readonly [
  code: string,
  message: string,
  said: Readonly<Record<string, string>>,
  id: string,
  title: RegExp,
];

export const all = (cases: readonly Case[]) =>
  it.each(cases)("%s %s %o", (code, message, said, id, title) => {
    const found = failure(code, message, said);
    expect(found?.id).toBe(id);
    expect(found?.title).toMatch(title);
    expect(found?.because).toContain(message);
  });
