import { z } from "zod";
import { Covers } from "./guide.ts";
import { NAME } from "./ids.ts";

const words = (most: number) => z.string().trim().min(1).max(most);

/** One thing to look at or do. `runbook`: a run of it on the incident's system ticks the item by itself. */
const Item = z.strictObject({ text: words(300), runbook: words(100).optional() });

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
  /** Items of a guide it carries out. */
  covers: Covers.unwrap().optional(),
});
export type Checklist = z.infer<typeof Checklist>;
export type ChecklistItem = z.infer<typeof Item>;

/** A checklist of an incident as it stands. The items are those of the time it was opened. */
export interface ChecklistView {
  readonly id: string;
  readonly title: string;
  readonly openedBy: string;
  readonly at: Date;
  readonly items: readonly (ChecklistItem & {
    /** Who ticked it and when; `run`: it was looked at by that run. */
    readonly done?: { readonly by: string; readonly at: Date; readonly run?: number };
  })[];
}

export const doneOf = ({ items }: ChecklistView): number =>
  items.filter(({ done }) => done !== undefined).length;
