import pg from "pg";

/** The roles of the sample system's database and how its tables are laid out. */
export const ROLES = { app: "shop", bot: "diagbot" } as const;

export interface ShopPasswords {
  readonly app: string;
  readonly bot: string;
}

const TABLES = `
  CREATE TABLE products (id int PRIMARY KEY, name text NOT NULL, price_cents int NOT NULL, stock int NOT NULL);
  INSERT INTO products SELECT i, 'product ' || i, 500 + i * 10, 1000000 FROM generate_series(1, 40) i;
  CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product int NOT NULL REFERENCES products,
    customer int NOT NULL,
    status text NOT NULL DEFAULT 'paid',
    note text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now()
  );
  INSERT INTO orders (product, customer, status, note)
    SELECT 1 + i % 40, i % 5000, 'shipped', md5(i::text) FROM generate_series(1, 20000) i;
  CREATE INDEX orders_product ON orders (product);
  CREATE INDEX orders_paid ON orders (id) WHERE status = 'paid';
  -- Asks the (slow) price list of a supplier; used by reports only.
  CREATE FUNCTION supplier_price(product int) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(0.02); RETURN 400 + product * 9; END $$;
  ANALYZE;
`;

/** Makes the shop's database anew, with its tables. */
export async function buildShopDatabase(
  adminUrl: (database?: string) => string,
  appUrl: string,
  passwords: ShopPasswords,
): Promise<void> {
  await buildDatabase("shop", adminUrl, passwords);
  await withClient(appUrl, (app) => app.query(TABLES));
}

/**
 * Makes the database of a sample system anew, empty but for `tables` (SQL): an ordinary role for the application, so that it
 * cannot eat the reserved connection slots, whose the tables are, and one for diagbot that may use those slots, may read the
 * tables, may see every session and may end ordinary ones.
 */
export async function buildDatabase(
  name: string,
  adminUrl: (database?: string) => string,
  passwords: ShopPasswords,
  tables = "",
): Promise<void> {
  await withClient(adminUrl(), async (admin) => {
    await admin.query(`DROP DATABASE IF EXISTS ${admin.escapeIdentifier(name)} WITH (FORCE)`);
    for (const [role, password] of [
      [ROLES.app, passwords.app],
      [ROLES.bot, passwords.bot],
    ] as const)
      await ensureRole(admin, role, password);
    await admin.query(
      `GRANT pg_monitor, pg_signal_backend, pg_use_reserved_connections, pg_maintain TO ${ROLES.bot}`,
    );
    await admin.query(`CREATE DATABASE ${admin.escapeIdentifier(name)} OWNER ${ROLES.app}`);
  });
  await withClient(adminUrl(name), async (admin) => {
    await admin.query("CREATE EXTENSION pg_stat_statements");
    if (tables === "") return;
    await admin.query(`SET ROLE ${ROLES.app}`);
    await admin.query(tables);
    await admin.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${ROLES.bot}`);
  });
}

/** Makes diagbot's own database anew: what a start shows must not hang on threads of a Slack that is gone. */
export async function buildBotDatabase(adminUrl: () => string, password: string): Promise<void> {
  await withClient(adminUrl(), async (admin) => {
    await admin.query("DROP DATABASE IF EXISTS diagbot WITH (FORCE)");
    await ensureRole(admin, ROLES.bot, password);
    await admin.query(`CREATE DATABASE diagbot OWNER ${ROLES.bot}`);
  });
}

async function ensureRole(admin: pg.Client, role: string, password: string): Promise<void> {
  const known = await admin.query("SELECT FROM pg_roles WHERE rolname = $1", [role]);
  if (known.rowCount === 0) await admin.query(`CREATE ROLE ${admin.escapeIdentifier(role)} LOGIN`);
  await admin.query(`ALTER ROLE ${admin.escapeIdentifier(role)} PASSWORD ${admin.escapeLiteral(password)}`);
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "demo-setup" });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
