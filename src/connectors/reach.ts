import { DiagError, type ErrorCode } from "../core/words/errors.ts";
import { handshakeOf, opensslCode } from "./handshake.ts";

/** Where a call over the network was when it failed: name, connection, handshake, first byte of the answer, rest of it. */
export type Phase = "dns" | "tcp" | "tls" | "answer" | "body";

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused: nothing listens there",
  ENOTFOUND: "the name does not exist in DNS",
  ENODATA: "the name exists but has no address",
  EAI_AGAIN: "the name could not be resolved: the resolver failed",
  EAI_FAIL: "the name could not be resolved: the resolver failed",
  ESERVFAIL: "the resolver answered SERVFAIL",
  EREFUSED: "the resolver refused to answer",
  ENOTIMP: "the resolver cannot answer such a question (NOTIMP)",
  EFORMERR: "the resolver does not understand the question (FORMERR)",
  EBADRESP: "what answers in the place of the resolver is no DNS",
  ECONNRESET: "the connection was reset by the other side",
  EPIPE: "the connection was closed by the other side",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection attempt timed out",
  CERT_HAS_EXPIRED: "the TLS certificate has expired",
  CERT_NOT_YET_VALID: "the TLS certificate is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "the TLS certificate is for another name",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the TLS certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "the TLS certificate chain ends in an authority that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the TLS certificate's issuer is not trusted here or was not sent",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the TLS certificate's issuer is not trusted here or was not sent",
  EPROTO: "the TLS handshake failed",
};

const WAITED: Readonly<Record<Phase, string>> = {
  dns: "the name was not resolved",
  tcp: "no TCP connection",
  tls: "connected, but the TLS handshake did not finish",
  answer: "connected, but no answer came",
  body: "the answer began but did not end",
};

/** Errors of an HTTP parser: something else than HTTP answers there. */
const NOT_HTTP = /^HPE_/;
/** Errors of a decompressor. */
const NOT_PACKED = /^Z_|BROTLI|^ERR__ERROR_FORMAT/;

/** An error of a socket, resolver or TLS handshake as a DiagError; `detail` is Node's or OpenSSL's own code. */
export function reachError(thrown: unknown, target: string): DiagError {
  if (thrown instanceof DiagError) return thrown;
  const detail = codeOf(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (NOT_HTTP.test(detail) && isTlsRecord(thrown))
    return new DiagError(
      "target_unreachable",
      `${target}: TLS is spoken on this port, and plain HTTP was sent`,
      {
        detail: "wants-tls",
        cause: thrown,
      },
    );
  if (NOT_HTTP.test(detail))
    return new DiagError("target_error", `${target}: the answer is not HTTP (${detail})`, {
      detail,
      cause: thrown,
    });
  if (NOT_PACKED.test(detail))
    return new DiagError("target_error", `${target}: the body is not compressed as it says (${detail})`, {
      detail,
      cause: thrown,
    });
  const code: ErrorCode = detail === "ETIMEDOUT" ? "timeout" : "target_unreachable";
  const more = { detail: detail === "ETIMEDOUT" ? "tcp" : detail, cause: thrown };
  return new DiagError(code, `${target}: ${WORDS[detail] ?? handshakeOf(detail)?.said ?? message}`, more);
}

/** Nothing came in time; `detail` is the phase that did not end. */
export const timeoutAt = (phase: Phase, target: string, milliseconds: number): DiagError =>
  new DiagError("timeout", `${target}: ${WAITED[phase]} within ${Math.round(milliseconds)} ms`, {
    detail: phase,
  });

/** Why a call ended whose signal fired: the step's own time limit, or the worker stopping it. */
export function stopped(signal: AbortSignal, phase: Phase, target: string, milliseconds: number): DiagError {
  const reason: unknown = signal.reason;
  if (reason instanceof DiagError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError")
    return timeoutAt(phase, target, milliseconds);
  return new DiagError("aborted", `${target}: the call was stopped`);
}

/** OpenSSL's reason is more telling than the EPROTO that Node wraps it in. */
export function codeOf(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return "EUNKNOWN";
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  const known = typeof code === "string" && code !== "" ? code : undefined;
  const told =
    typeof message === "string" && (known === undefined || known === "EPROTO")
      ? opensslCode(message)
      : undefined;
  return told ?? known ?? "EUNKNOWN";
}

/** What a parser of HTTP stumbled over begins as an alert or a handshake of TLS does. */
function isTlsRecord(thrown: unknown): boolean {
  const { rawPacket } = thrown as { rawPacket?: unknown };
  return (
    rawPacket instanceof Uint8Array && (rawPacket[0] === 0x15 || rawPacket[0] === 0x16) && rawPacket[1] === 3
  );
}

/** What an errno, resolver or certificate code means; the code itself where it is not a usual one. */
export const sayCode = (code: string): string => WORDS[code] ?? handshakeOf(code)?.said ?? code;
