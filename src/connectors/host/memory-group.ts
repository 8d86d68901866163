import { z } from "zod";
import { groupMemory } from "../../lib/group-memory.ts";

/** The limit of a control group, and what of its use counts: file cache is given back before anything is killed. */
export const Group = z.object({ limit: z.number(), used: z.number(), cache: z.number() });

/** Limit, usage and memory.stat of a group, version 1 or 2; null: no limit below what the machine has. */
export function parseGroup(text: string, total: number): z.output<typeof Group> | null {
  const [limitText = "", usageText = "", ...stat] = text.split("\n");
  const limit = Number(limitText);
  // "max", or v1's huge number: no limit.
  if (!Number.isFinite(limit) || limit <= 0 || limit >= total) return null;
  const usage = Number(usageText) || 0;
  const parts = Object.fromEntries(
    stat.flatMap((line) => {
      const [name = "", bytes = ""] = line.split(" ");
      return /^\d+$/.test(bytes) ? [[name, Number(bytes)]] : [];
    }),
  );
  const known = groupMemory(usage, parts);
  return { limit, used: known?.held ?? usage, cache: known?.cache ?? 0 };
}
