import { clip } from "../../../core/words/format.ts";
import type { Heard, Known } from "./shape.ts";

/** Codes of gRPC (grpc/doc/statuscodes.md) that stand in a header below a status of 200. */
const CAUSES: ReadonlyMap<string, readonly [cause: Known["cause"], name: string]> = new Map([
  ["4", ["server-error", "DEADLINE_EXCEEDED"]],
  ["5", ["not-found", "NOT_FOUND"]],
  ["7", ["forbidden", "PERMISSION_DENIED"]],
  ["8", ["overloaded", "RESOURCE_EXHAUSTED"]],
  ["12", ["not-found", "UNIMPLEMENTED"]],
  ["13", ["server-error", "INTERNAL"]],
  ["14", ["gateway", "UNAVAILABLE"]],
  ["16", ["credentials", "UNAUTHENTICATED"]],
]);

/** What a gRPC service or the proxy before it says in `grpc-status`; undefined: nothing, or OK. */
export function grpcIn({ headers }: Heard): Known | undefined {
  const code = headers["grpc-status"] ?? "0";
  if (!/^\d{1,3}$/.test(code) || code === "0") return undefined;
  const [cause, name] = CAUSES.get(code) ?? ["server-error", "an error"];
  const said = decode(headers["grpc-message"]?.slice(0, 600) ?? "");
  return { cause, reason: `gRPC says ${name} (${code})${said === "" ? "" : `: "${clip(said, 200)}"`}` };
}

/** The message is percent-encoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return text.trim();
  }
}
