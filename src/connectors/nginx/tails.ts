import type { NotSeen } from "../../core/words/not-seen.ts";

/** The end of a log. */
export interface Tail {
  readonly path: string;
  readonly lines: readonly string[];
  readonly isWhole: boolean;
  /** When it was last written, in Unix seconds; null: of the one before, which nobody writes any more. */
  readonly written: number | null;
}

/** Two parts of each path: the file, and the one before. What could not be read is said. Pure. */
export function tailsOf(
  parts: readonly string[],
  paths: readonly string[],
  bytes: number,
): { tails: Tail[]; missing: NotSeen[] } {
  const missing: NotSeen[] = [];
  const tails = parts.flatMap((part, at): Tail[] => {
    const path = paths[Math.floor(at / 2)] ?? "";
    const isBefore = at % 2 === 1;
    const [head = "", ...lines] = part.split("\n");
    if (head.startsWith("- "))
      missing.push({ what: isBefore ? `${path}.1` : path, why: head.slice(2, 300) || "it cannot be read" });
    const [, size, written] = /^(\d{1,18}) (\d{1,12})$/.exec(head) ?? [];
    if (size === undefined) return [];
    const isWhole = Number(size) <= bytes;
    return [
      { path, lines: lines.slice(isWhole ? 0 : 1), isWhole, written: isBefore ? null : Number(written) },
    ];
  });
  return { tails, missing };
}

const QUARTER = 900;
const NEAR_SECONDS = 10;

/**
 * Seconds the times in a log are ahead of UTC. nginx writes the local time of its own process, which may have another zone than the shell
 * that is asked (`TZ` of its unit): its last line was written when the file was. Where that fits no zone, it is the shell's. Pure.
 */
export function offsetOf({ lines, written }: Tail, zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(zone.trim()) ?? [];
  const shell = (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60);
  const last = lines.findLast((line) => /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /.test(line));
  if (last === undefined || written === null) return shell;
  const ahead =
    Date.parse(`${last.slice(0, 10).replaceAll("/", "-")}T${last.slice(11, 19)}Z`) / 1000 - written;
  const nearest = Math.round(ahead / QUARTER) * QUARTER;
  return Math.abs(ahead - nearest) <= NEAR_SECONDS && Math.abs(nearest) <= 14 * 3600 ? nearest : shell;
}
