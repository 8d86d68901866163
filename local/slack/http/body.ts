import type { IncomingMessage } from "node:http";

/** A request whose body is larger than the door allows. */
export class TooLarge extends Error {}

/** The whole body of a request. Throws `TooLarge` above `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > limit) throw new TooLarge(`more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
