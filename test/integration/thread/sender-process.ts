// One sender as a process. It ends itself with SIGKILL after a post has been answered and before that is written down.
import { pino } from "pino";
import { z } from "zod";
import type { MessageStore } from "../../../src/core/ports/message-store.ts";
import { openPool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { createMessageStore } from "../../../src/store/thread/messages.ts";
import { createSender } from "../../../src/thread/sender.ts";
import { PEOPLE } from "../../make/views.ts";
import { QUICK } from "./budgets.ts";

const env = z
  .object({
    DATABASE_URL: z.string(),
    SLACK_API_URL: z.string(),
    SLACK_BOT_TOKEN: z.string(),
    /** Which answered post is its last; 0: it lives. */
    DIES_AFTER: z.coerce.number().int(),
  })
  .parse(process.env);

const pool = openPool(env.DATABASE_URL, { max: 8 });
const messages = createMessageStore(pool);
let answered = 0;
const mortal: MessageStore = {
  ...messages,
  sent: async (...args) => {
    answered += 1;
    if (answered === env.DIES_AFTER) process.kill(process.pid, "SIGKILL");
    await messages.sent(...args);
  },
};
createSender({
  messages: mortal,
  reader: createReader(pool),
  people: PEOPLE,
  slack: { token: env.SLACK_BOT_TOKEN, apiUrl: env.SLACK_API_URL },
  logger: pino({ level: "silent" }),
  budgets: { ...QUICK, timeoutMs: 2_000, postIntervalMs: 1 },
}).start();
process.on("disconnect", () => process.exit(0));
process.send?.({ ready: true });
