import type { IncomingMessage } from "node:http";
import { type TestServer, webServer } from "./web-server.ts";

/** A request as the service saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly key: string | undefined;
}

/** A real HTTP service with an admin API over plain values: `GET` and `PUT /admin/<name>`, and whatever a test adds. */
export interface AdminService extends TestServer {
  readonly values: Record<string, unknown>;
  readonly seen: SeenRequest[];
  /** Answers before anything else: a status and a body. */
  answers: (request: SeenRequest) => { status: number; body?: unknown } | undefined;
}

const MOST = 100_000;

/** Values by path below /admin/. */
export async function adminService(values: Record<string, unknown>): Promise<AdminService> {
  const seen: SeenRequest[] = [];
  const service = { values, seen, answers: (_request: SeenRequest) => undefined } as Pick<
    AdminService,
    "values" | "seen" | "answers"
  >;
  const server = await webServer((request, answer) => {
    const reply = (status: number, body: unknown) =>
      answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    void bodyOf(request).then((body) => {
      const key = request.headers["x-admin-key"];
      const one = { method: request.method ?? "", path: request.url ?? "", body, key: String(key) };
      seen.push(one);
      const own = service.answers(one);
      if (own !== undefined) return reply(own.status, own.body ?? {});
      const name = decodeURIComponent(one.path.replace(/^\/admin\//, ""));
      if (one.method === "GET")
        return name in values ? reply(200, values[name]) : reply(404, { error: "there is no such thing" });
      values[name] = { ...(values[name] as object), ...(body as object) };
      return reply(200, values[name]);
    });
  });
  return Object.assign(service, server);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) if (text.length < MOST) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}
