import pg from "pg";
import { waitFor } from "../../src/lib/wait.ts";
import { obeyOrders } from "./orders.ts";
import { beginProgram, nowListening, settings } from "./settings.ts";

/** The shop's worker: ships paid orders, one batch after the other, and counts the stock while no other worker does. */
const { SHOP_DATABASE_URL } = settings();
const STOCK_COUNT_LOCK = 4711;

const connect = (application_name: string): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: SHOP_DATABASE_URL,
    application_name,
    max: 1,
    connectionTimeoutMillis: 2000,
    statement_timeout: 60_000,
    idleTimeoutMillis: 0,
  });
  pool.on("error", () => undefined);
  return pool;
};
const shipping = connect("shop-worker");
const counting = connect("shop-stock-count");

const ship = (): Promise<unknown> =>
  shipping.query(
    `UPDATE orders SET status = 'shipped' WHERE id IN
       (SELECT id FROM orders WHERE status = 'paid' ORDER BY id LIMIT 50 FOR UPDATE SKIP LOCKED)`,
  );

async function countStock(): Promise<void> {
  await counting.query("SELECT pg_advisory_lock($1)", [STOCK_COUNT_LOCK]);
  try {
    await counting.query("SELECT sum(stock) FROM products");
  } finally {
    await counting.query("SELECT pg_advisory_unlock($1)", [STOCK_COUNT_LOCK]);
  }
}

/** Does the work for ever; what failed is said in the log and tried again. */
async function loop(what: string, work: () => Promise<unknown>, everyMs: number): Promise<never> {
  for (;;) {
    await work().catch((error: Error) => process.stderr.write(`${what}: ${error.message}\n`));
    await waitFor(everyMs);
  }
}

/** What a bad batch left open, and what was kept in memory by mistake. */
const leakedSessions: pg.Client[] = [];
const leakedMemory: Buffer[] = [];

/** A batch whose files cannot be read: the error path forgets to close the session. */
async function leakSessions(count: number): Promise<void> {
  let ended = false;
  for (let at = 0; at < count && !ended; at++) {
    const client = new pg.Client({ connectionString: SHOP_DATABASE_URL, application_name: "shop-importer" });
    // Somebody terminates its sessions: the batch is over.
    client.on("error", () => {
      ended = true;
    });
    leakedSessions.push(client);
    await client.connect();
    await client.query("SELECT count(*) FROM products");
  }
}

/** Every rendered invoice is kept "for later": 8 MiB at a time. Random bytes, so that the pages are really there. */
async function leakMemory(bytes: number): Promise<void> {
  for (let kept = 0; kept < bytes; kept += 8 << 20) {
    leakedMemory.push(Buffer.alloc(8 << 20, Math.floor(Math.random() * 255) + 1));
    await waitFor(10);
  }
}

beginProgram();
obeyOrders((bug) => (bug.bug === "leak-sessions" ? leakSessions(bug.count) : leakMemory(bug.bytes)));
nowListening();
void loop("ship", ship, 500);
void loop("count stock", countStock, 1000);
