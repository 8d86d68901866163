import type { IncomingMessage } from "node:http";
import { DiagError } from "../core/words/errors.ts";

/** Bytes that a door holds in memory for all its requests together. Throws `busy` where they would be too many. */
export interface Holder {
  take(bytes: number): void;
  giveBack(bytes: number): void;
}

/** Room for `limit` bytes. */
export function createHolder(limit: number): Holder {
  let held = 0;
  return {
    take: (bytes) => {
      if (held + bytes > limit) throw new DiagError("busy", "too much is being read at once");
      held += bytes;
    },
    giveBack: (bytes) => {
      held -= bytes;
    },
  };
}

/** A body that was read. Its bytes count as held until `release` is called. */
export interface Body {
  readonly bytes: Buffer;
  release(): void;
}

/**
 * The body, at most `limit` bytes: a declared length over it is refused before reading, an undeclared one while reading.
 * Throws `too_large`, `busy`, or `aborted` when the sender went away.
 */
export async function readBody(request: IncomingMessage, limit: number, holder: Holder): Promise<Body> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  const release = (): void => {
    holder.giveBack(size);
    size = 0;
  };
  return new Promise<Body>((resolve, reject) => {
    const stop = (outcome: () => void) => {
      request.off("data", take).off("end", done).off("error", gone).off("aborted", gone).off("close", gone);
      outcome();
    };
    const refuse = (error: unknown) =>
      stop(() => {
        release();
        reject(error);
      });
    const take = (chunk: Buffer) => {
      if (size + chunk.length > limit) return refuse(tooLarge(limit));
      try {
        holder.take(chunk.length);
      } catch (error) {
        return refuse(error);
      }
      size += chunk.length;
      chunks.push(chunk);
    };
    const done = () => stop(() => resolve({ bytes: Buffer.concat(chunks), release }));
    const gone = () => refuse(new DiagError("aborted", "the sender went away"));
    request.on("data", take).on("end", done).on("error", gone).on("aborted", gone).on("close", gone);
  });
}

const tooLarge = (limit: number) =>
  new DiagError("too_large", `the body is larger than ${Math.round(limit / 1_048_576)} MiB`);
