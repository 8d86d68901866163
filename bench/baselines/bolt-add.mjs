// What a slash command costs that only adds a job: Bolt and one add to a BullMQ queue before the acknowledgement.
import bolt from "@slack/bolt";
import { Queue } from "bullmq";

const queue = new Queue("bench", { connection: { url: process.env.REDIS_URL } });
await queue.waitUntilReady();
const app = new bolt.App({
  token: process.env.SLACK_BOT_TOKEN,
  signingSecret: process.env.SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL },
  logLevel: "error",
});
app.command("/diag", async ({ ack, command }) => {
  await queue.add("run", { text: command.text });
  await ack("Asked.");
});
await app.start({ host: "127.0.0.1", port: Number(process.env.PORT) });
process.send?.("ready");
