import { createServer, type ServerResponse } from "node:http";
import { Redis } from "ioredis";
import pg from "pg";
import { RequestMetrics } from "./metrics.ts";
import { beginProgram, nowListening, settings } from "./settings.ts";

/** The shop's HTTP API: products, checkout, health, metrics. It really needs its database (and its cache, where there is one). */
const { SHOP_DATABASE_URL, SHOP_REDIS_URL, SHOP_PORT } = settings();

const pool = new pg.Pool({
  connectionString: SHOP_DATABASE_URL,
  application_name: "shop-api",
  max: 4,
  connectionTimeoutMillis: 2000,
  statement_timeout: 8000,
  // Given back soon: what stays open and idle is then somebody else's.
  idleTimeoutMillis: 2000,
});
pool.on("error", () => undefined);
const cache =
  SHOP_REDIS_URL === undefined
    ? undefined
    : new Redis(SHOP_REDIS_URL, {
        maxRetriesPerRequest: 1,
        commandTimeout: 1000,
        connectionName: "shop-api",
      });
cache?.on("error", () => undefined);
const metrics = new RequestMetrics();

/** 100 pages of 4 kB that the cache should hold. */
const PAGES = 100;
const PAGE_BYTES = 4000;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The page one customer sees; kept in the cache, where there is one. */
async function products(): Promise<Answer> {
  const key = `shop:page:${Math.floor(Math.random() * PAGES)}`;
  const cached = await cache?.get(key);
  if (typeof cached === "string") return { status: 200, body: JSON.parse(cached) };
  const { rows } = await pool.query("SELECT id, name, price_cents FROM products ORDER BY id");
  const page = { rows, teaser: "x".repeat(PAGE_BYTES) };
  await cache?.set(key, JSON.stringify(page), "EX", 300);
  return { status: 200, body: page };
}

async function checkout(): Promise<Answer> {
  const product = 1 + Math.floor(Math.random() * 40);
  const { rows } = await pool.query<{ id: string }>(
    `WITH taken AS (UPDATE products SET stock = stock - 1 WHERE id = $1 RETURNING id)
     INSERT INTO orders (product, customer) SELECT id, $2 FROM taken RETURNING id`,
    [product, Math.floor(Math.random() * 5000)],
  );
  return { status: 201, body: { order: rows[0]?.id } };
}

async function health(): Promise<Answer> {
  const checks = {
    database: await works(pool.query("SELECT 1")),
    ...(cache === undefined ? {} : { cache: await works(cache.set("shop:health", "1", "EX", 60)) }),
  };
  const ok = Object.values(checks).every((check) => check === "ok");
  return { status: ok ? 200 : 503, body: { status: ok ? "ok" : "error", checks } };
}

const works = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "ok",
    (error: Error) => error.message.slice(0, 200),
  );

const ROUTES: Readonly<Record<string, () => Promise<Answer>>> = {
  "GET /products": products,
  "POST /checkout": checkout,
  "GET /health": health,
};

async function answer(route: string, response: ServerResponse): Promise<void> {
  const handler = ROUTES[route];
  const begun = performance.now();
  const { status, body } =
    handler === undefined
      ? { status: 404, body: { error: "not found" } }
      : await handler().catch((error: Error) => ({
          status: 503,
          body: { error: error.message.slice(0, 200) },
        }));
  if (handler !== undefined)
    metrics.count(route.split(" ")[1] ?? "", status, (performance.now() - begun) / 1000);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

beginProgram();
createServer((request, response) => {
  request.resume();
  if (request.url === "/metrics") {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(metrics.text());
    return;
  }
  void answer(`${request.method} ${request.url}`, response);
}).listen(SHOP_PORT, "127.0.0.1", nowListening);
