// What a webhook costs that only keeps what it was sent: fastify, and one INSERT in a transaction before the answer.
import Fastify from "fastify";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
await pool.query("CREATE TABLE IF NOT EXISTS bench_inbox (id bigserial PRIMARY KEY, raw jsonb NOT NULL)");
const app = Fastify({ bodyLimit: 16 * 1_048_576 });
app.post("/", async (request) => {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const { rows } = await client.query("INSERT INTO bench_inbox (raw) VALUES ($1) RETURNING id", [
      JSON.stringify(request.body),
    ]);
    await client.query("COMMIT");
    return { stored: rows[0].id };
  } finally {
    client.release();
  }
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
process.send?.("ready");
