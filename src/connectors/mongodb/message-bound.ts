import { createRequire } from "node:module";
import { DiagError } from "../../core/words/errors.ts";

/** A server's answer is one document of at most 16 MiB and a little (BSONObjMaxInternalSize). */
const MOST_BYTES = 17 * 1024 * 1024;

interface Reader {
  _transform(chunk: Uint8Array, encoding: unknown, done: (error?: Error) => void): void;
  /** What has arrived of messages that are not whole. */
  readonly bufferPool: { readonly length: number };
}

const isBounded = Symbol.for("diagbot.bounded");

/**
 * The driver (7.9) believes any length a message says of itself, up to 2 GiB, and keeps what arrives until it is whole: whatever
 * answers on a port could fill this process. Its reader of messages, which it lets nobody choose, is given the limit the protocol has.
 * The contract's flood fails without it.
 */
export function boundMessages(): void {
  const require = createRequire(import.meta.url);
  const { SizedMessageTransform } = require("mongodb/lib/cmap/connection.js") as {
    readonly SizedMessageTransform: { readonly prototype: Reader & { [isBounded]?: true } };
  };
  const { prototype } = SizedMessageTransform;
  if (prototype[isBounded]) return;
  prototype[isBounded] = true;
  const read = prototype._transform;
  prototype._transform = function bounded(this: Reader, chunk, encoding, done) {
    read.call(this, chunk, encoding, (error) => done(error ?? excessOf(this)));
  };
}

const excessOf = ({ bufferPool: { length } }: Reader): Error | undefined =>
  length <= MOST_BYTES
    ? undefined
    : new DiagError(
        "output_too_large",
        `MongoDB: a message is larger than ${MOST_BYTES / 1_048_576} MiB; the connection was closed`,
      );
