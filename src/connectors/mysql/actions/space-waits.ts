import { z } from "zod";
import type { NotSeen } from "../../../core/words/not-seen.ts";
import type { Here, Sql } from "../client.ts";
import { numberIn, type Row, textIn } from "../values.ts";

/** What the server says of a session whose write found the disk full: MariaDB, and MySQL from 8.0 on. */
const WAITS = /^waiting for (?:someone to free space|disk space)/i;

export const SpaceWaits = z.object({
  sessions: z.int(),
  longestSeconds: z.number(),
  /** The server's own words. */
  state: z.string(),
});

const HIDDEN: NotSeen = {
  what: "whether sessions wait for space on a disk",
  why: "only the sessions of diagbot's own account are shown",
  fix: "GRANT PROCESS ON *.* TO diagbot",
};

/**
 * Sessions whose write waits until the disk has room: the server tries again every minute and answers nobody meanwhile. By SHOW
 * PROCESSLIST, the one list that takes no temporary table: with the disk full those fail. Null: nobody waits.
 */
export async function spaceWaits(sql: Sql, here: Here, connected: number | null) {
  const rows = await sql("SHOW PROCESSLIST");
  return { spaceWaits: waitsIn(rows), unseen: isHidden(rows, here, connected) ? [HIDDEN] : [] };
}

/** Pure. Exported for its test. */
export function waitsIn(rows: readonly Row[]): z.output<typeof SpaceWaits> | null {
  const waiting = rows.filter((row) => WAITS.test(textIn(row, "State", 100)));
  const [first] = waiting;
  if (first === undefined) return null;
  return {
    sessions: waiting.length,
    longestSeconds: Math.max(...waiting.map((row) => numberIn(row, "Time") ?? 0)),
    state: textIn(first, "State", 100),
  };
}

/** Without PROCESS a session sees its own account's only: more are connected than are shown, and all that are shown are of one user. Pure. */
export function isHidden(
  rows: readonly Row[],
  { self }: Pick<Here, "self">,
  connected: number | null,
): boolean {
  const own = rows.find((row) => numberIn(row, "Id") === self);
  if (own === undefined) return true;
  const user = textIn(own, "User", 200);
  return (
    connected !== null && connected > rows.length && rows.every((row) => textIn(row, "User", 200) === user)
  );
}
