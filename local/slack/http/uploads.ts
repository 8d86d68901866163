import type { IncomingMessage, ServerResponse } from "node:http";
import type { Backstage } from "../backstage.ts";
import type { LocalFile } from "../types.ts";
import { readBody } from "./body.ts";
import { plain } from "./reply.ts";

const LARGEST = 50_000_000;

// filesUploadV2 sends the bytes as the one part of a form; other clients send them bare.
const bytesOf = async (contentType: string, body: Buffer): Promise<Buffer> => {
  if (!contentType.startsWith("multipart/")) return body;
  const form = await new Response(new Uint8Array(body), {
    headers: { "content-type": contentType },
  }).formData();
  const part = [...form.values()].find((value) => typeof value !== "string");
  return part === undefined ? Buffer.alloc(0) : Buffer.from(await part.arrayBuffer());
};

/** The upload URL of `files.getUploadURLExternal`: 200 `OK - <bytes>`, 400 for another length than announced. */
export async function takeUpload(
  { workspace }: Backstage,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, LARGEST);
  const data = await bytesOf(request.headers["content-type"] ?? "", body);
  if (workspace.files.upload(id, data)) plain(response, 200, `OK - ${data.length}`);
  else plain(response, 400, "unknown file, or not as long as announced");
}

const SHOWN_INLINE = new Set(["image/png", "image/jpeg", "image/gif"]);

const headersOf = (file: LocalFile, inline: boolean) => ({
  "content-type": inline ? file.mimetype : "application/octet-stream",
  "content-disposition": `${inline ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
  "content-security-policy": "sandbox",
  "x-content-type-options": "nosniff",
  "cache-control": "private, max-age=3600",
});

/** A file's bytes; anything but a plain picture is offered for download, so that no upload runs in the page. */
export function giveFile({ workspace }: Backstage, id: string, response: ServerResponse): void {
  const file = workspace.files.find(id);
  if (file === undefined) plain(response, 404, "no such file");
  else response.writeHead(200, headersOf(file, SHOWN_INLINE.has(file.mimetype))).end(file.data);
}
