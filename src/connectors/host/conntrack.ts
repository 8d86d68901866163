import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { linesOf } from "../machine/script.ts";

/** The table in which the kernel remembers connections for firewall and NAT. */
export const Conntrack = z.object({
  count: z.int(),
  max: z.int(),
  /** Packets dropped because the table was full, and those that pushed an entry out, between the two looks. */
  drops: z.int().nullable(),
  earlyDrops: z.int().nullable(),
  /** Where most entries lead, of those looked at; empty where the table may not be read. */
  top: z.array(z.object({ to: z.string(), entries: z.int() })).max(5),
});

/** Sum over the processors of one column of /proc/net/stat/nf_conntrack (hexadecimal); undefined: there is none. Pure. */
export function conntrackColumn(text: string, name: string): number | undefined {
  const [head = "", ...rows] = linesOf(text);
  const at = head.trim().split(/\s+/).indexOf(name);
  if (at < 0 || rows.length === 0) return undefined;
  return rows.reduce((sum, row) => sum + (Number.parseInt(row.trim().split(/\s+/)[at] ?? "0", 16) || 0), 0);
}

/** Null: the module is not loaded, so nothing of it can be full. `figures`: count and max, one a line. Pure. */
export function conntrackOf(
  figures: string,
  before: string,
  after: string,
  top: string,
): z.output<typeof Conntrack> | null {
  const [count, max] = linesOf(figures).map(Number);
  if (count === undefined || max === undefined || !(max > 0)) return null;
  const passed = (name: string) => {
    const first = conntrackColumn(before, name);
    const second = conntrackColumn(after, name);
    // A counter that went back was reset: what came since is at least what it shows now.
    if (first === undefined || second === undefined) return null;
    return second >= first ? second - first : second;
  };
  return {
    ...{ count, max, drops: passed("drop"), earlyDrops: passed("early_drop") },
    top: linesOf(top)
      .slice(0, 5)
      .map((line) => {
        const [entries = "0", ...to] = line.trim().split(" ");
        return { to: clip(to.join(" "), 80), entries: Number(entries) };
      }),
  };
}
