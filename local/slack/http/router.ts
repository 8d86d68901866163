import type { IncomingMessage, ServerResponse } from "node:http";
import type { Backstage } from "../backstage.ts";
import { pressPanel, takeDeed } from "./acts.ts";
import { giveAsset } from "./assets.ts";
import { TooLarge } from "./body.ts";
import { isLocal, isOwnPage } from "./guard.ts";
import { json, plain } from "./reply.ts";
import { takeResponse } from "./response-url.ts";
import { stream } from "./stream.ts";
import { giveFile, takeUpload } from "./uploads.ts";
import { webApi } from "./web-api.ts";

type Handle = (
  backstage: Backstage,
  part: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

/** A door only our own page may knock at. */
const pageOnly =
  (handle: Handle): Handle =>
  (backstage, part, request, response) =>
    isOwnPage(request)
      ? handle(backstage, part, request, response)
      : plain(response, 403, "not from this page");

const permalink: Handle = (_, part, __, response) => {
  const [channel, stamp] = part.split("/p");
  response.writeHead(302, { location: `/#${channel}/${stamp?.slice(0, -6)}.${stamp?.slice(-6)}` }).end();
};

const routes: readonly { readonly method: string; readonly path: RegExp; readonly handle: Handle }[] = [
  { method: "POST", path: /^\/api\/([\w.]+)$/, handle: webApi },
  { method: "POST", path: /^\/upload\/v1\/(\w+)$/, handle: takeUpload },
  { method: "POST", path: /^\/response\/(\w+)$/, handle: takeResponse },
  {
    method: "GET",
    path: /^\/files\/(\w+)\//,
    handle: (backstage, id, _, response) => giveFile(backstage, id, response),
  },
  { method: "GET", path: /^\/archives\/(\w+\/p\d{7,})$/, handle: permalink },
  {
    method: "GET",
    path: /^\/_page\/(events)$/,
    handle: (backstage, _, request, response) => stream(backstage, request, response),
  },
  { method: "POST", path: /^\/_page\/(\w+)$/, handle: pageOnly(takeDeed) },
  {
    method: "POST",
    path: /^\/_panel\/([^/]+)$/,
    handle: pageOnly((backstage, id, _, response) => pressPanel(backstage, decodeURIComponent(id), response)),
  },
  { method: "GET", path: /^(\/.*)$/, handle: (_, path, __, response) => giveAsset(path, response) },
];

async function handleWith(
  backstage: Backstage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isLocal(request, backstage.settings.host))
    return plain(response, 421, "this Slack answers to localhost only");
  const path = new URL(request.url ?? "/", "http://local").pathname;
  const route = routes.find((each) => each.method === request.method && each.path.test(path));
  if (route === undefined) return json(response, 404, { ok: false, error: "not_found" });
  await route.handle(backstage, route.path.exec(path)?.[1] ?? "", request, response);
}

/** Answers every HTTP request; a defect of ours is a 500 that says so, never a crash. */
export function listener(backstage: Backstage): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    handleWith(backstage, request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else if (error instanceof TooLarge) plain(response, 413, error.message);
      else plain(response, 500, error.stack ?? error.message);
    });
  };
}
