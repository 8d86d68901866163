import { z } from "zod";
import { clip } from "../../../core/words/format.ts";
import { Namespace } from "../settings.ts";

const Field = z
  .string()
  .min(1)
  .max(120)
  // Wildcards and operators make indexes of another kind.
  .regex(/^[^$\0]+$/, "must be a field's name");
/** Field and direction, in order. */
export const Keys = z
  .array(z.tuple([Field, z.union([z.literal(1), z.literal(-1)])]))
  .min(1)
  .max(8);
export type Keys = z.output<typeof Keys>;

export const IndexWanted = z.object({ namespace: Namespace, keys: Keys });

/** `status_1_at_-1`, as MongoDB names one itself, marked as ours: what undo may drop is known by it. */
export const nameOf = (keys: Keys): string =>
  clip(`diagbot_${keys.map(([field, direction]) => `${field}_${direction}`).join("_")}`, 120);

/** `{ status: 1, at: -1 }` as the shell takes it; names are quoted. */
export const sayKeys = (keys: readonly (readonly [string, number | string])[]): string =>
  `{ ${keys.map(([field, direction]) => `${JSON.stringify(field)}: ${JSON.stringify(direction)}`).join(", ")} }`;
