import { z } from "zod";
import type { Fits } from "../../core/rules/commands/bind.ts";
import { commandComplaints, type Knowing } from "../../core/rules/commands/fits.ts";
import { COMMAND, type Command } from "../../core/words/command.ts";
import { closest } from "../../lib/closest.ts";
import { createRegex, type Regex, RegexError } from "../../lib/regex/index.ts";

const made = new Map<string, Regex>();

/** Whether an expression in RE2's syntax fits the whole text; in time that grows with both lengths only. */
export const fits: Fits = (pattern, text) => {
  const known = made.get(pattern) ?? createRegex(pattern);
  made.set(pattern, known);
  return known.test(text);
};

/** What core cannot know by itself: near words and regular expressions. */
const HELPS = {
  fits,
  instead: (given: string, known: readonly string[]): string => {
    const near = closest(given, known);
    if (near !== undefined) return `; did you mean "${near}"?`;
    return known.length === 0 ? "" : `; known: ${known.join(", ")}`;
  },
  wrongPattern: (pattern: string): string | undefined => {
    try {
      createRegex(pattern);
      return undefined;
    } catch (error) {
      if (error instanceof RegexError) return error.message;
      throw error;
    }
  },
} as const;

/** What a kind says of its commands besides. */
export type OwnKnowing<C extends Command> = Pick<Knowing<C>, "templates" | "columns"> & {
  /** What is wrong with one command that is so of this kind only. */
  complaints?(command: C): readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
};

/** `commands:` of a kind of connection: each of this shape, and fitting each other. */
export const commandsSchema = <Shape extends z.ZodRawShape>(
  command: z.ZodObject<Shape, z.core.$strict>,
  own: OwnKnowing<z.output<z.ZodObject<Shape, z.core.$strict>> & Command>,
) =>
  z
    .record(z.string().max(60).regex(COMMAND, "lower-case words joined by -"), command)
    .superRefine((commands, context) => {
      type One = z.output<z.ZodObject<Shape, z.core.$strict>> & Command;
      const all = commands as Record<string, One>;
      const kindsOwn = Object.entries(all).flatMap(([name, one]) =>
        (own.complaints?.(one) ?? []).map(({ path, message }) => ({ path: [name, ...path], message })),
      );
      for (const { path, message } of [...commandComplaints(all, { ...HELPS, ...own }), ...kindsOwn])
        context.addIssue({ code: "custom", path: [...path], message });
    });
