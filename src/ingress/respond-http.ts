import type { IncomingMessage, ServerResponse } from "node:http";

/** How much of a refused body is read and thrown away, so that its sender gets to read the answer. */
const DRAIN_MS = 10_000;
const DRAIN_BYTES = 256 * 1_048_576;

/** Answers with one JSON document. Harmless when an answer was begun already. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.writableEnded) return;
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...headers,
  });
  response.end(text);
}

/**
 * The same while the sender may still be sending. Many read nothing before they have sent all, and a connection that is
 * closed over unread bytes is reset, answer and all: so the answer is written, the rest of the body thrown away (at most 10 s
 * and 256 MiB of it), and only then the connection closed.
 */
export function respondUnread(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.writableEnded) return;
  if (request.complete || request.destroyed) {
    answerJson(response, status, body, headers);
    return;
  }
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    // Without a length the answer would end with the connection.
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    connection: "close",
    ...headers,
  });
  response.write(text);
  let left = DRAIN_BYTES;
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, DRAIN_MS);
  request
    .on("error", end)
    .on("data", (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) end();
    })
    .once("end", end)
    .once("close", end)
    .resume();
}
