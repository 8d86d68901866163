// The least a bot of this kind is: Bolt that listens, a BullMQ worker and a Postgres pool, and nothing done with them.
import bolt from "@slack/bolt";
import { Worker } from "bullmq";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query("SELECT 1");
const worker = new Worker("bench-bare", async () => {}, { connection: { url: process.env.REDIS_URL } });
await worker.waitUntilReady();
const app = new bolt.App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: "error",
});
await app.start({ host: "127.0.0.1", port: Number(process.env.PORT) });
process.send?.("ready");
