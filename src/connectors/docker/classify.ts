import { DiagError, type ErrorCode } from "../../core/words/errors.ts";

interface EngineError {
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
  readonly json?: unknown;
}

const BY_ERRNO: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "target_unreachable",
  ECONNREFUSED: "target_unreachable",
  ENOTSOCK: "target_unreachable",
  EACCES: "target_auth",
  EPERM: "target_auth",
  ECONNRESET: "target_error",
  EPIPE: "target_error",
};

/**
 * What the engine's answer or the socket's errno means. `detail` is the errno or the HTTP status.
 * A 4xx answer proves that nothing was done (docs.docker.com/reference/api/engine): `target_refused`.
 */
export function classify(thrown: unknown, signal: AbortSignal, socket: string): DiagError {
  if (thrown instanceof DiagError) return thrown;
  const error = thrown as EngineError;
  if (signal.aborted) return stopped(signal, socket, thrown);
  const message = (error.message ?? String(thrown)).trim();
  if (error.statusCode !== undefined) {
    const code = error.statusCode < 500 ? "target_refused" : "target_error";
    return new DiagError(code, message, { detail: String(error.statusCode), cause: thrown });
  }
  const code = BY_ERRNO[error.code ?? ""] ?? "target_error";
  return new DiagError(code, `Docker engine at ${socket}: ${message}`, {
    ...(error.code === undefined ? {} : { detail: error.code }),
    ...hintFor(error.code),
    cause: thrown,
  });
}

function stopped(signal: AbortSignal, socket: string, cause: unknown): DiagError {
  const reason: unknown = signal.reason;
  if (reason instanceof DiagError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError")
    return new DiagError("timeout", `the Docker engine at ${socket} did not answer in time`, { cause });
  return new DiagError("aborted", "the call to the Docker engine was stopped", { cause });
}

function hintFor(errno: string | undefined): { hint?: string } {
  if (errno === "EACCES")
    return { hint: "Let the user diagbot runs as read the socket (group docker, or a socket proxy)." };
  if (errno === "ENOENT") return { hint: "Check `socket:` in diagbot.yaml and that dockerd runs." };
  return {};
}
