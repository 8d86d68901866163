import { z } from "zod";
import { Covers } from "./guide.ts";
import { NAME } from "./ids.ts";

const words = (most: number) => z.string().trim().min(1).max(most);

/**
 * One thing to look at or do. `runbook`: a run of it on the incident's system ticks the item by itself. `asks`: what whoever ticks
 * it has to say, by name; `date` and `due` are days.
 */
const Item = z
  .strictObject({
    text: words(300),
    runbook: words(100).optional(),
    asks: z
      .array(z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "small letters, digits and -"))
      .min(1)
      .max(4)
      .optional(),
  })
  .refine(
    ({ runbook, asks }) => runbook === undefined || asks === undefined,
    "a run can tick it, or a person who says something: not both",
  );

/** One entry of `checklists:` in diagbot.yaml. */
export const Checklist = z.strictObject({
  id: z.string().regex(NAME, "letters, digits, - and _"),
  title: words(120),
  items: z
    .array(
      z.union([words(300).transform((text): z.infer<typeof Item> => ({ text })), Item], {
        error: "a sentence, or { text, runbook }",
      }),
    )
    .min(1)
    .max(25),
  /** An incident is not closed by a person before all of it is done. */
  required: z.boolean().optional(),
  /** Items of a guide it carries out. */
  covers: Covers.unwrap().optional(),
});
export type Checklist = z.infer<typeof Checklist>;
export type ChecklistItem = z.infer<typeof Item>;

/** What a person said with a tick, by what was asked. Text of others. */
export type Answers = Readonly<Record<string, string>>;

/** A checklist of an incident as it stands. The items are those of the time it was opened. */
export interface ChecklistView {
  readonly id: string;
  readonly title: string;
  readonly openedBy: string;
  readonly required?: boolean;
  readonly at: Date;
  readonly items: readonly (ChecklistItem & {
    /** Who ticked it and when; `run`: it was looked at by that run. */
    readonly done?: {
      readonly by: string;
      readonly at: Date;
      readonly run?: number;
      readonly answers?: Answers;
    };
  })[];
}

export const doneOf = ({ items }: ChecklistView): number =>
  items.filter(({ done }) => done !== undefined).length;

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/**
 * What was said, by what was asked: `owner=bob due=2026-12-08`, or words alone where one thing is asked. A string: why that is no
 * answer. Pure.
 */
export function answersOf(asks: readonly string[], said: string): Answers | string {
  const text = said.trim();
  if (asks.length === 0) return text === "" ? {} : "it asks for nothing: tick it without words";
  const named = [...text.matchAll(/(?:^|\s)([a-z][a-z0-9-]{0,30})=([\s\S]*?)(?=\s[a-z][a-z0-9-]{0,30}=|$)/g)]
    .map(([, name = "", value = ""]) => [name, value.trim()] as const)
    .filter(([name]) => asks.includes(name));
  const given = Object.fromEntries(
    named.length === 0 && asks.length === 1 && text !== "" ? [[asks[0] ?? "", text]] : named,
  );
  const missing = asks.filter((name) => (given[name] ?? "") === "");
  if (missing.length > 0) return `it asks for ${missing.join(" and ")}`;
  const bad = asks.find((name) => (name === "date" || name === "due") && !DAY.test(given[name] ?? ""));
  return bad === undefined ? given : `${bad} is a day, as 2026-12-08`;
}

/** What is still to be done of what an incident may not be closed without. */
export const leftOf = (checklists: readonly ChecklistView[]): string[] =>
  checklists
    .filter(({ required }) => required === true)
    .flatMap(({ id, items }) =>
      items.flatMap(({ text, done }, index) => (done === undefined ? [`${id} ${index + 1}: ${text}`] : [])),
    );
