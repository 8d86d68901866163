import { pino } from "pino";
import { commands } from "../../../commands/index.ts";
import { createWebhook, type WebhookOptions } from "../../../src/ingress/alertmanager/webhook.ts";
import { standardRoutes } from "../../../src/ingress/http/routes.ts";
import { createHttpServer } from "../../../src/ingress/http/server.ts";
import { createDoor } from "../../../src/ingress/receive.ts";
import { createIntake } from "../../../src/store/intake.ts";
import type { Pool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { catalog } from "./slack-bench.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const logger = pino({ level: "silent" });

/** The webhook over a real store, on a port of its own. */
export async function serveWebhook(pool: Pool, more: Partial<WebhookOptions> = {}) {
  const intake = createIntake({ pool, onCommit: () => {} });
  const door = createDoor({ catalog, commands, intake, reader: createReader(pool), logger });
  const server = createHttpServer({
    logger,
    routes: standardRoutes({
      alertmanager: createWebhook({ tokens: [TOKEN], door, logger, ...more }),
      health: async () => ({ status: "ok", ready: true, components: {} }),
      metrics: async () => ({ contentType: "text/plain", text: "" }),
    }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const deliverRaw = (body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`http://127.0.0.1:${port}/webhooks/alertmanager`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body,
    });
  return {
    deliverRaw,
    deliver: (body: unknown) => deliverRaw(JSON.stringify(body)),
    close: () => server.close(1_000),
  };
}
