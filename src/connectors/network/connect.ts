import { connect, type Socket } from "node:net";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { codeOf, reachError, timeoutAt } from "../reach.ts";
import { type NetworkClient, sayEndpoint } from "./client.ts";
import { type Address, addressesOf } from "./resolve.ts";

/** How one address took the connection; `code` of the failure where it did not. */
export interface Attempt extends Address {
  readonly isOpen: boolean;
  readonly ms: number;
  readonly code?: string;
}

/** `open`: stayed open; `closed`/`reset`: the other side hung up at once. */
export type After = "open" | "closed" | "reset";

export interface Connected {
  readonly attempts: readonly Attempt[];
  readonly after: After;
  /** What the server said unasked (a banner, `-ERR max number of clients reached`), printable beginning. */
  readonly greeting?: string;
}

const GREETING = 120;

/** Connects to every address of the endpoint at once. Throws DiagError where none takes the connection. */
export async function connectAll(
  client: NetworkClient,
  limits: { timeoutMs: number; listenMs: number },
  context: ActionContext,
): Promise<Connected> {
  const { port, host } = client.endpoint();
  const target = sayEndpoint({ host, port });
  const addresses = await addressesOf(client, context);
  const tried = await Promise.all(addresses.map((address) => attempt(address, port, limits, context.signal)));
  const attempts = tried.map(({ attempt: one }) => one);
  const open = tried.find((one) => one.attempt.isOpen);
  if (open !== undefined) return { attempts, after: open.after, ...greetingOf(open.greeting) };
  if (context.signal.aborted) throw new DiagError("aborted", `${target}: the call was stopped`);
  const failed = tried[0];
  if (failed?.error === undefined) throw new DiagError("target_unreachable", `${target}: no address`);
  if (failed.attempt.code === "tcp") throw timeoutAt("tcp", target, limits.timeoutMs);
  throw reachError(failed.error, target);
}

interface Tried {
  readonly attempt: Attempt;
  readonly after: After;
  readonly greeting: string;
  readonly error?: unknown;
}

function attempt(
  address: Address,
  port: number,
  { timeoutMs, listenMs }: { timeoutMs: number; listenMs: number },
  signal: AbortSignal,
): Promise<Tried> {
  const begin = performance.now();
  const took = () => Math.round((performance.now() - begin) * 10) / 10;
  return new Promise((resolve) => {
    const socket = connect({ host: address.address, port, family: address.family, signal });
    const failed = (code: string, error: unknown) => {
      socket.destroy();
      resolve({
        attempt: { ...address, isOpen: false, ms: took(), code },
        after: "open",
        greeting: "",
        error,
      });
    };
    const timer = setTimeout(() => failed("tcp", timeoutAt("tcp", address.address, timeoutMs)), timeoutMs);
    const onError = (error: Error) => {
      clearTimeout(timer);
      failed(codeOf(error), error);
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      const ms = took();
      listen(socket, listenMs)
        .then((heard) => resolve({ attempt: { ...address, isOpen: true, ms }, ...heard }))
        .catch((error: unknown) => failed(codeOf(error), error));
    });
  });
}

/** A dead backend behind a proxy takes the connection and hangs up at once: a moment of listening tells. */
function listen(socket: Socket, ms: number): Promise<{ after: After; greeting: string }> {
  return new Promise((resolve) => {
    let greeting = "";
    const end = (after: After) => {
      clearTimeout(timer);
      resolve({ after, greeting });
      socket.destroy();
    };
    const timer = setTimeout(() => end("open"), ms);
    socket.on("data", (chunk) => {
      if (greeting.length < GREETING) greeting += chunk.toString("latin1");
    });
    socket.once("end", () => end("closed"));
    socket.on("error", () => end("reset"));
  });
}

function greetingOf(raw: string): { greeting?: string } {
  const printable = raw.replace(/[^\x20-\x7e]+/g, " ").trim();
  return printable === "" ? {} : { greeting: clip(printable, GREETING) };
}
