import { isIP } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { NotSeen } from "../../core/words/not-seen.ts";
import { isTooOld } from "../handshake.ts";
import { codeOf, reachError, stopped, timeoutAt } from "../reach.ts";
import type { NetworkClient } from "./client.ts";

const HANDSHAKE_MS = 5000;

/** Whom to shake hands with. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly target: string;
}
/** What only servers of long ago need. Nothing is sent over it: the point is to see that they are. */
const OUT_OF_DATE = { minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;

/** As clients do today; a server too old for that once more as clients did long ago. */
export async function shakeSomehow(
  client: NetworkClient,
  address: string,
  to: Target,
  context: ActionContext,
): Promise<Shaken & { isTooOld: boolean }> {
  try {
    return { ...(await shakeHands(client, address, to, {}, context)), isTooOld: false };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || !isTooOld(thrown.detail ?? "")) throw thrown;
    const shaken = await shakeHands(client, address, to, OUT_OF_DATE, context).catch(() => {
      throw thrown;
    });
    return { ...shaken, isTooOld: true };
  }
}

/** A handshake that came about. */
export interface Shaken {
  readonly socket: TLSSocket;
  /** The OCSP response that came with the certificate; null: none did. */
  readonly response: Buffer | null;
  /** OpenSSL's code of what the server said against us once hands were shaken (TLS 1.3 wants a client certificate only then); null: nothing. */
  readonly refusal: Promise<string | null>;
}

/** A session ticket says that the server goes on with us; where it sends none, so long is waited for a refusal. */
const REFUSAL_MS = 1000;

function refusalOf(socket: TLSSocket): Promise<string | null> {
  if (socket.getProtocol() !== "TLSv1.3") return Promise.resolve(null);
  return new Promise((resolve) => {
    const end = (code: string | null) => {
      clearTimeout(timer);
      resolve(code);
    };
    const timer = setTimeout(() => end(null), REFUSAL_MS);
    socket.once("session", () => end(null));
    socket.once("close", () => end(null));
    socket.once("error", (error) => {
      const code = codeOf(error);
      end(code.startsWith("ERR_SSL_") ? code : null);
    });
  });
}

/** Throws DiagError where none came about. */
export function shakeHands(
  client: NetworkClient,
  address: string,
  { host, port, target }: Target,
  how: ConnectionOptions,
  context: ActionContext,
): Promise<Shaken> {
  let response: Buffer | null = null;
  const limit = Math.min(HANDSHAKE_MS, context.timeoutMs);
  return new Promise((resolve, reject) => {
    // Node's types know it of sockets only.
    const options: ConnectionOptions & { readonly requestOCSP: boolean } = {
      host: address,
      port,
      // The point is to look at certificates that do not verify; nothing is sent over this connection.
      rejectUnauthorized: false,
      ...how,
      requestOCSP: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(client.ca === undefined ? {} : { ca: [...client.ca] }),
    };
    const socket = connect(options);
    let phase: "tcp" | "tls" = "tcp";
    const fail = (error: DiagError) => {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = () => fail(stopped(context.signal, phase, target, limit));
    const timer = setTimeout(() => fail(timeoutAt(phase, target, limit)), limit);
    context.signal.addEventListener("abort", onAbort, { once: true });
    socket.once("connect", () => {
      phase = "tls";
    });
    socket.once("OCSPResponse", (said: Buffer | null) => {
      response = said === null || said.length === 0 ? null : said;
    });
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", onAbort);
      resolve({ socket, response, refusal: refusalOf(socket) });
    });
    socket.on("error", (error) => {
      const isCut = phase === "tls" && CUT.has(codeOf(error));
      fail(isCut ? cutShort(target, "reset the connection") : reachError(error, target));
    });
    socket.once("end", () => fail(cutShort(target, "hung up")));
  });
}

const CUT = new Set(["ECONNRESET", "EPIPE"]);

const cutShort = (target: string, what: string): DiagError =>
  new DiagError("target_unreachable", `${target}: the other side ${what} during the TLS handshake`, {
    detail: "TLS_CUT",
  });

/** OpenSSL's words for a verdict that Node has no code for; undefined: it takes the certificate now. Nothing is sent. */
export async function verdictInWords(
  client: NetworkClient,
  address: string,
  to: Target,
  context: ActionContext,
): Promise<string | undefined> {
  try {
    const { socket } = await shakeHands(client, address, to, { rejectUnauthorized: true }, context);
    socket.destroy();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || context.signal.aborted) throw thrown;
    return thrown.cause instanceof Error ? thrown.cause.message.slice(0, 120) : undefined;
  }
}

/** This client cannot speak what is asked about: how OpenSSL names it. */
const CANNOT = /NO_PROTOCOLS_AVAILABLE$|UNSUPPORTED_PROTOCOL$|NO_CIPHERS_AVAILABLE$|INVALID_PROTOCOL_METHOD$/;
/** The server says no, or hangs up at it. */
const REFUSED = /^(TLS_CUT|ERR_SSL_\w*)$/;

/** One handshake more, with what is out of date only. Nothing is sent over it. */
export async function olderVersion(
  client: NetworkClient,
  address: string,
  to: Target,
  context: ActionContext,
): Promise<{ alsoTakes: string | null; notSeen?: NotSeen[] }> {
  try {
    const how = { ...OUT_OF_DATE, maxVersion: "TLSv1.1" } as const;
    const { socket } = await shakeHands(client, address, to, how, context);
    const alsoTakes = socket.getProtocol();
    socket.destroy();
    return { alsoTakes };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || context.signal.aborted) throw thrown;
    const detail = thrown.detail ?? "";
    if (!CANNOT.test(detail) && REFUSED.test(detail)) return { alsoTakes: null };
    const notSeen = {
      what: `whether ${to.target} also takes TLS 1.0 or 1.1`,
      why: CANNOT.test(detail) ? "the TLS library of diagbot cannot speak them" : thrown.message,
      fix: "`openssl s_client -tls1_1 -cipher 'ALL:@SECLEVEL=0' -connect HOST:PORT` with an OpenSSL that can",
    };
    return { alsoTakes: null, notSeen: [notSeen] };
  }
}
