import type pg from "pg";

type Client = pg.PoolClient;

/** Postgres keeps a plan for each name and session: texts beyond these are made anew each time, and planned each time. */
const MOST_NAMES = 400;
/** Its columns change with the table: after a migration Postgres would refuse the kept plan. */
const ALL_COLUMNS = /\b(?:SELECT|RETURNING) \*|\b[a-z_]+\.\*/;

const names = new Map<string, string>();

/** The name under which Postgres keeps the plan of a statement; undefined: it is planned each time. */
export function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= MOST_NAMES || ALL_COLUMNS.test(text)) return known;
  const name = `diagbot_${names.size}`;
  names.set(text, name);
  return name;
}

/** Has a session plan each statement with parameters once: planning a large one takes longer than carrying it out. */
export function keepPlans(client: Pick<Client, "query">): void {
  const plain: Pick<Client, "query"> = Object.getPrototypeOf(client);
  client.query = ((...args: readonly unknown[]): unknown => {
    const [text, values, ...more] = args;
    const name = typeof text === "string" && Array.isArray(values) ? nameOf(text) : undefined;
    return Reflect.apply(plain.query, client, name === undefined ? args : [{ name, text, values }, ...more]);
  }) as Client["query"];
}
