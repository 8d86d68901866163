import { z } from "zod";

/** Something that was changed on a system, as whatever changed it says so. */
export const Change = z.object({
  /** A system of diagbot.yaml. */
  system: z.string().min(1).max(100),
  kind: z.enum(["deploy", "rollback", "flag", "migration", "config", "other"]).default("other"),
  /** One line: `shop 1.42.0`. */
  title: z.string().trim().min(1).max(300),
  /** When it was done (ISO 8601 with its zone). Left out: now. */
  at: z.iso
    .datetime({ offset: true })
    .refine((at) => Date.parse(at) >= 0, { error: "a time since 1970" })
    .optional(),
  /** Who or what did it. */
  by: z.string().trim().min(1).max(100).optional(),
  /** Where more of it is. */
  link: z
    .url({ protocol: /^https?$/ })
    .max(1_000)
    .refine((link) => !/\s/.test(link), { error: "an address without spaces" })
    .optional(),
  /** The same change sent twice has the same: a build's number, a commit. Left out: what is sent is compared. */
  id: z.string().min(1).max(200).optional(),
});
export type Change = z.infer<typeof Change>;

/** A change that was noted. */
export interface ChangeView {
  readonly system: string;
  readonly kind: Change["kind"];
  readonly title: string;
  readonly at: Date;
  readonly by?: string;
  readonly link?: string;
}

/** A change that is older when an incident begins is not shown with it. */
export const SHORTLY_BEFORE_MS = 2 * 3_600_000;
