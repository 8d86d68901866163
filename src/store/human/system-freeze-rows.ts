import type { FreezeView } from "../../core/words/view.ts";
import type { Client, Pool } from "../pool.ts";
import { present } from "../rows.ts";

/** SQL: a row of `system_freeze` that holds now. */
export const HOLDS = "ended_at IS NULL AND (until IS NULL OR until > clock_timestamp())";

/** SQL: the system of that expression is in maintenance. */
export const isInMaintenance = (system: string): string =>
  `EXISTS (SELECT FROM system_freeze WHERE system = ${system} AND quiet AND ${HOLDS})`;

/** SQL: no write begins on the system of that expression; those of all systems apart. */
export const isSystemFrozen = (system: string): string =>
  `EXISTS (SELECT FROM system_freeze WHERE system = ${system} AND ${HOLDS})`;

export interface SystemFreezeRow {
  system: string;
  quiet: boolean;
  by: string;
  reason: string;
  since: Date;
  until: Date | null;
  channels: string[];
}

export const systemFreezeOf = ({ system, quiet, by, reason, since, until }: SystemFreezeRow): FreezeView => ({
  system,
  by,
  reason,
  since,
  ...(quiet ? { quiet: true as const } : {}),
  ...present({ until }),
});

/** What holds on these systems now (undefined: on any); a maintenance first, then what ends last. */
export async function readSystemFreezes(
  sql: Pool | Client,
  systems: readonly string[] | undefined,
): Promise<FreezeView[]> {
  const { rows } = await sql.query<SystemFreezeRow>(
    `SELECT * FROM system_freeze WHERE ($1::text[] IS NULL OR system = ANY ($1)) AND ${HOLDS}
     ORDER BY quiet DESC, until DESC NULLS FIRST, id`,
    [systems ?? null],
  );
  return rows.map(systemFreezeOf);
}
