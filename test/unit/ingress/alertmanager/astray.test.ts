import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { createAstray } from "../../../../src/ingress/alertmanager/astray.ts";
import { createHttpServer, type HttpServer } from "../../../../src/ingress/http/server.ts";

const TOKEN = "t".repeat(40);
let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close(1000);
});

it("alerts that are sent where nobody answers are told once; what has no token is not, and is answered the same", async () => {
  const told: string[] = [];
  const logger = pino({ level: "silent" });
  server = createHttpServer({
    logger,
    routes: [
      { method: "POST", path: "/webhooks/alertmanager", handle: (_request, answer) => void answer.end("ok") },
    ],
    astray: createAstray({ tokens: [TOKEN], logger, notice: (text) => told.push(text) }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const send = async (path: string, method: string, token: string) =>
    (
      await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
      })
    ).status;
  expect(await send("/webhook", "POST", "another")).toBe(404);
  expect(await send("/webhooks/alertmanager", "POST", TOKEN)).toBe(200);
  expect(told).toEqual([]);
  expect(await send("/webhook?x=1", "POST", TOKEN)).toBe(404);
  expect(await send("/alerts", "POST", TOKEN)).toBe(404);
  expect(await send("/webhooks/alertmanager", "PUT", TOKEN)).toBe(405);
  expect(told).toEqual([expect.stringContaining("turned away (404): nothing is answered at POST /webhook;")]);
  expect(told[0]).toContain("/webhooks/alertmanager");
});
