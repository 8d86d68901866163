import { z } from "zod";
import type { Route } from "../core/words/route.ts";
import { MatcherError, parseMatchers } from "./matcher.ts";

/** Nothing is run. */
export const NONE = "none";

const listOf = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

const Match = z
  .union([z.string(), z.array(z.string())], { error: "a matcher or a list of them" })
  .transform((given, context) =>
    listOf(given).flatMap((text, i) => {
      try {
        return parseMatchers(text);
      } catch (error) {
        if (!(error instanceof MatcherError)) throw error;
        const path = Array.isArray(given) ? [i] : [];
        context.addIssue({ code: "custom", path, message: `matchers of Alertmanager: ${error.message}` });
        return [];
      }
    }),
  );

/** A line of `routes:`. */
export const RouteSchema = z.strictObject({
  /** All must fit. Left out: every alert does. */
  match: Match.optional(),
  /** One, several, or `none`. Left out: as without the route. */
  runbook: z
    .union([z.string(), z.array(z.string()).min(1).max(3)], {
      error: "a runbook, up to three of them, or none",
    })
    .transform(listOf)
    .optional(),
  /** Of these runbooks; a kind of connection as the name chooses one: `postgres: replica`. */
  params: z.record(z.string(), z.unknown()).optional(),
  system: z.string().optional(),
  channel: z.string().optional(),
  severity: z.string().min(1).max(40).optional(),
  /** Of `checklists`: opened with the incident. */
  checklist: z.union([z.string(), z.array(z.string()).min(1).max(5)]).optional(),
});
export type WrittenRoute = z.output<typeof RouteSchema>;

/** The routes as the doors use them. */
export const routesOf = (written: readonly WrittenRoute[]): Route[] =>
  written.map(({ match = [], runbook, params = {}, ...rest }, i) => ({
    ...rest,
    number: i + 1,
    match,
    params,
    ...(runbook === undefined ? {} : { runbooks: runbook.filter((id) => id !== NONE) }),
  }));
