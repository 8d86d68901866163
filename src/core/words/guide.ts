import { z } from "zod";

/** Id of something a troubleshooting guide treats: `<system>.<word>`, e.g. `shop.queue-stuck`. */
export const GUIDE_ITEM = /^[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/;

/** Items of one list. */
const MOST = 50;

/** Ids of the guide's items that something carries out; each once. */
export const Covers = z
  .array(
    z
      .string()
      .max(120)
      .regex(GUIDE_ITEM, "<system>.<word>, each of lower-case words joined by -, such as shop.queue-stuck"),
  )
  .max(MOST)
  .refine((covers) => new Set(covers).size === covers.length, "a list with each item once")
  .default([]);

/** A web page of the guide: http or https, without a password. */
export const GuideUrl = z
  .string()
  .max(500)
  .refine(
    (text) => /^https?:\/\/[^\s<>|"`]+$/.test(text) && URL.canParse(text) && new URL(text).username === "",
    "an address of the guide that begins with https:// or http://, without a password",
  );

/** Which guide something of diagbot.yaml comes from: keys of checks, commands and checklists alike. */
export const OF_GUIDE = { covers: Covers, guide: GuideUrl.optional() } as const;

/** What is known of the guide behind something. */
export interface OfGuide {
  readonly covers: readonly string[];
  readonly guide?: string | undefined;
}

/** `shop.queue-stuck, shop.mails (https://wiki/guide#queue)` for people; undefined: it comes from no guide. */
export function sayGuide({ covers, guide }: OfGuide): string | undefined {
  if (covers.length === 0) return guide;
  return guide === undefined ? covers.join(", ") : `${covers.join(", ")} (${guide})`;
}

const said = z.string().max(300);

/** A guide item that somebody asked for as one thing, with what of it was not begun. Kept with its thread. */
export const GuideAsked = z.object({
  item: z.string(),
  title: said,
  system: z.string(),
  /** What is there for it and waits for a person: what to type, and why it was not begun. */
  offers: z.array(z.object({ title: said, type: said, why: said })),
  /** What treats it and cannot be asked on this system. */
  gaps: z.array(z.object({ title: said, why: said })),
});
export type GuideAsked = z.infer<typeof GuideAsked>;

/** Titles of guide items, by id; `guideItems:` of diagbot.yaml. */
export const GuideTitles = z
  .record(
    z.string().max(120).regex(GUIDE_ITEM, "<system>.<word>, e.g. shop.queue-stuck"),
    z.string().trim().min(1).max(120),
  )
  .default({});
export type GuideTitles = z.infer<typeof GuideTitles>;

/** The title of a guide item; without one, its id in words: `shop.queue-stuck` is "queue stuck". */
export const titleOfItem = (titles: GuideTitles | undefined, item: string): string =>
  titles?.[item] ?? item.slice(item.indexOf(".") + 1).replaceAll("-", " ");
