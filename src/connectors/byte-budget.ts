import type { Socket } from "node:net";
import { DiagError } from "../core/words/errors.ts";

/** What one step may make a target send. Drivers keep an answer in memory until it is whole, so it is ended on the way. */
export interface ByteBudget {
  readonly bytes: number;
  /** For messages: whose answer it is. */
  readonly of: string;
}

/**
 * Ends the connection when more than the budget arrives on it while `work` runs: `output_too_large`. The socket is the one
 * the driver reads from (of TLS: the decrypted one). Undefined: a driver that shows none; its own limits hold.
 */
export async function withinBytes<T>(
  socket: Socket | undefined,
  { bytes, of }: ByteBudget,
  work: () => Promise<T>,
): Promise<T> {
  if (socket === undefined) return work();
  let seen = 0;
  let tell = (_error: DiagError): void => {};
  const isOver = new Promise<never>((_resolve, reject) => {
    tell = reject;
  });
  const count = (chunk: Buffer) => {
    seen += chunk.length;
    if (seen <= bytes) return;
    socket.off("data", count);
    tell(
      new DiagError(
        "output_too_large",
        `${of}: the answer is larger than ${bytes / 1_048_576} MiB; the connection was closed`,
      ),
    );
    socket.destroy();
  };
  socket.on("data", count);
  const working = work();
  // Its own error of the closed connection comes later and says less.
  working.catch(() => {});
  try {
    return await Promise.race([working, isOver]);
  } finally {
    socket.off("data", count);
    isOver.catch(() => {});
  }
}
