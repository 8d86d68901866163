import { isIP } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { NotSeen } from "../../core/words/not-seen.ts";
import { isTooOld } from "../handshake.ts";
import { reachError, stopped, timeoutAt } from "../reach.ts";
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
      ...how,
      host: address,
      port,
      // The point is to look at certificates that do not verify; nothing is sent over this connection.
      rejectUnauthorized: false,
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
      resolve({ socket, response });
    });
    socket.on("error", (error) => fail(reachError(error, target)));
    socket.once("end", () => fail(closedEarly(target)));
  });
}

const closedEarly = (target: string): DiagError =>
  new DiagError("target_unreachable", `${target}: the other side hung up during the TLS handshake`, {
    detail: "ECONNRESET",
  });

/** This client cannot speak what is asked about: how OpenSSL names it. */
const CANNOT = /NO_PROTOCOLS_AVAILABLE$|UNSUPPORTED_PROTOCOL$|NO_CIPHERS_AVAILABLE$|INVALID_PROTOCOL_METHOD$/;
/** The server says no, or hangs up at it. */
const REFUSED = /^(ECONNRESET|EPIPE|ERR_SSL_\w*)$/;

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
