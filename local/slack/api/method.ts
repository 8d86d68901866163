import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { SlackError } from "../errors.ts";
import { explain } from "../limits/explain.ts";

/** What a method of WebClient promises to return; handlers are held to it with `satisfies`. */
export type Answer<F> = F extends (...args: never[]) => Promise<infer Result>
  ? Partial<Result> & Record<string, unknown>
  : never;

/** One method of the Web API. `scope` is what a bot token needs for it. */
export interface Method {
  readonly name: string;
  readonly scope: string | undefined;
  /** Which token it wants: the bot's, or the app-level one. */
  readonly token: "bot" | "app";
  answer(args: unknown, backstage: Backstage): Record<string, unknown>;
}

/** A method whose arguments are checked first; throws `SlackError` `invalid_arguments` naming what is missing. */
export function method<S extends z.ZodType>(
  name: string,
  scope: string | undefined,
  schema: S,
  answer: (args: z.output<S>, backstage: Backstage) => Record<string, unknown>,
): Method {
  return {
    name,
    scope,
    token: "bot",
    answer: (args, backstage) => {
      const parsed = schema.safeParse(args);
      if (!parsed.success) throw new SlackError("invalid_arguments", explain(parsed.error));
      return answer(parsed.data, backstage);
    },
  };
}

// Forms carry everything as text.
export const flag = z.union([z.boolean(), z.stringbool()]).exactOptional();
export const count = z.coerce.number().int().min(1).max(1000).exactOptional();
export const word = z.string().min(1);
export const maybe = z.string().exactOptional();
export const nothing = z.object({});
