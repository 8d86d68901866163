import { DiagError } from "../core/words/errors.ts";
import { migrationState } from "./migrate.ts";
import { type Pool, toStoreError } from "./pool.ts";

/** What diagbot finds in its own database. */
export interface StoreState {
  readonly version: string;
  readonly isNewEnough: boolean;
  readonly role: string;
  readonly schema: string;
  /** May it make tables there? Needed while migrations are missing. */
  readonly mayCreate: boolean;
  /** Migrations this version has and the database lacks. */
  readonly missing: readonly string[];
  /** Migrations that were applied in another version; nothing can be done with such a database. */
  readonly changed: readonly string[];
}

/** The oldest Postgres whose SQL we use. */
const OLDEST = 140_000;

/** Looks only. Throws `store_unavailable` where the database cannot be asked. */
export async function lookAtStore(pool: Pool): Promise<StoreState> {
  try {
    const { rows } = await pool.query<Omit<StoreState, "missing" | "changed">>(
      `SELECT current_setting('server_version') AS version, current_user AS role,
         coalesce(current_schema(), 'public') AS schema,
         current_setting('server_version_num')::int >= $1 AS "isNewEnough",
         coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreate"`,
      [OLDEST],
    );
    const [found] = rows;
    if (found === undefined) throw new DiagError("bug", "SELECT without a row");
    return { ...found, ...(await migrationState(pool)) };
  } catch (error) {
    throw toStoreError(error);
  }
}
