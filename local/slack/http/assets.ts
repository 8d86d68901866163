import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { plain } from "./reply.ts";

const FOLDER = new URL("../page/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  svg: "image/svg+xml",
};
const POLICY =
  "default-src 'self'; img-src 'self' data: https: http:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A file of the page. Names are letters, digits, dots, dashes and one folder deep: nothing leads out of it. */
export async function giveAsset(path: string, response: ServerResponse): Promise<void> {
  const name = path === "/" ? "index.html" : path === "/favicon.ico" ? "favicon.svg" : path.slice(1);
  const type = TYPES[name.split(".").at(-1) ?? ""];
  if (!/^([\w-]+\/)?[\w-]+(\.[\w-]+)+$/.test(name) || type === undefined || name.endsWith(".d.ts"))
    return plain(response, 404, "not found");
  const body = await readFile(new URL(name, FOLDER)).catch(() => undefined);
  if (body === undefined) return plain(response, 404, "not found");
  response.writeHead(200, {
    "content-type": type,
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  });
  response.end(body);
}
