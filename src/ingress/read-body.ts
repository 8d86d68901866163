import type { IncomingMessage } from "node:http";
import { DiagError } from "../core/errors.ts";

/** How much of a refused body is read and thrown away, so that its sender gets to read the answer. */
const DRAIN_MS = 2_000;

/**
 * The body, at most `limit` bytes: a declared length over it is refused before reading, an undeclared one while reading.
 * Throws `too_large`, or `aborted` when the sender went away. `hold` is told of bytes kept (and given back, negative).
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void = () => {},
): Promise<Buffer> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise<Buffer>((resolve, reject) => {
    const stop = (outcome: () => void) => {
      request.off("data", take).off("end", done).off("error", gone).off("aborted", gone).off("close", gone);
      hold(-size);
      outcome();
    };
    const take = (chunk: Buffer) => {
      if (size + chunk.length > limit) return stop(() => reject(tooLarge(limit)));
      size += chunk.length;
      chunks.push(chunk);
      try {
        hold(chunk.length);
      } catch (error) {
        stop(() => reject(error));
      }
    };
    const done = () => stop(() => resolve(Buffer.concat(chunks)));
    const gone = () => stop(() => reject(new DiagError("aborted", "the sender went away")));
    request.on("data", take).on("end", done).on("error", gone).on("aborted", gone).on("close", gone);
  });
}

const tooLarge = (limit: number) =>
  new DiagError("too_large", `the body is larger than ${Math.round(limit / 1_048_576)} MiB`);

/** Throws away what a refused sender still sends, for a moment; then the connection is cut. Call after answering. */
export function drain(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.on("error", () => {});
  const cut = setTimeout(() => request.destroy(), DRAIN_MS);
  request.once("end", () => clearTimeout(cut)).once("close", () => clearTimeout(cut));
  request.resume();
}
