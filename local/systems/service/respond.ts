import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { ServiceCore } from "./core.ts";
import type { Answer, Face, Route } from "./spec.ts";
import { mapOf } from "./state.ts";

const MOST_BODY = 64 << 10;
const Body = z.record(z.string(), z.json());

/** An answer in place of a route's, `ms` later. */
const Trouble = z.object({
  status: z.int().optional(),
  body: z.json().optional(),
  type: z.string().optional(),
  ms: z.number().optional(),
});

/** What a face answers to a request. Throws where its body is no JSON map, or too long. */
export async function answerOf(
  core: ServiceCore,
  name: string,
  face: Face,
  request: IncomingMessage,
): Promise<Answer> {
  const body = await bodyOf(request);
  if (face.key !== undefined && request.headers[face.key.header] !== face.key.value)
    return { status: 401, body: { error: "the key is missing or wrong" } };
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
  const {
    ms,
    status,
    type,
    body: instead,
  } = Trouble.safeParse(mapOf(core.state, "troubles")[`${name} ${pathname}`]).data ?? {};
  if (ms !== undefined) await wait(ms);
  const headers = type === undefined ? {} : { headers: { "content-type": type } };
  if (status !== undefined) return { status, body: instead ?? { error: "not available" }, ...headers };
  if (name === core.spec.metricsOn && pathname === "/metrics") return { body: core.page(), ...headers };
  const found = matching(face.routes, request.method ?? "GET", pathname);
  if (found === undefined) return { status: 404, body: { error: "not found" } };
  const asked = { state: core.state, params: found.params, query, body };
  return { ...core.carryOut(found.route.answer(asked)), ...headers };
}

/** Sends it: a text as it is, anything else as JSON. */
export function send(response: ServerResponse, { status = 200, body, headers = {} }: Answer): void {
  const isText = typeof body === "string";
  const type = isText ? "text/plain; version=0.0.4" : "application/json";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(body === undefined ? "" : isText ? body : JSON.stringify(body));
}

interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function matching(routes: readonly Route[], method: string, pathname: string): Matched | undefined {
  const words = pathname.split("/");
  for (const route of routes) {
    const [on = "", path = ""] = route.on.split(" ");
    const wanted = path.split("/");
    if (on !== method || wanted.length !== words.length) continue;
    if (!wanted.every((word, at) => word.startsWith("{") || word === words[at])) continue;
    const named = wanted.flatMap((word, at) =>
      word.startsWith("{") ? [[word.slice(1, -1), decodeURIComponent(words[at] ?? "")] as const] : [],
    );
    return { route, params: Object.fromEntries(named) };
  }
  return undefined;
}

async function bodyOf(request: IncomingMessage): Promise<z.output<typeof Body>> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > MOST_BODY) throw new Error("the body is too long");
  }
  return Body.parse(text === "" ? {} : JSON.parse(text));
}
