import { type Finding, facts, postgres, type Seen } from "../../src/sdk.ts";

/** The finding of a Postgres that cannot be asked: the first step that failed for a reason that concerns the whole server. */
export function cannotAskPostgres(seen: Readonly<Record<string, Seen<unknown>>>): Finding<"recover">[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const { id, title, because, error } = failure;
  const evidence = [facts({ code: error.code, detail: error.detail ?? "–" })];
  return [{ id, severity: "critical", title, because, evidence, remedies: ["recover"] }];
}
