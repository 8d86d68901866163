/**
 * The closed set of errors diagbot answers with. The text says when it happens; docs/errors.md is held to this table.
 * `user`: the caller's input or rights; `unavailable`: something outside; `internal`: ours.
 */
export const ERRORS = {
  usage: { kind: "user", says: "the words of a command could not be understood" },
  unknown_command: { kind: "user", says: "no subcommand of that name" },
  unknown_system: { kind: "user", says: "no system of that name in diagbot.yaml" },
  unknown_runbook: { kind: "user", says: "no runbook of that name" },
  unknown_incident: { kind: "user", says: "no such incident" },
  unknown_run: { kind: "user", says: "no run of that number" },
  unknown_remedy: { kind: "user", says: "the run has no remedy of that name" },
  bad_parameter: { kind: "user", says: "a runbook parameter is missing, unknown or out of range" },
  missing_connection: { kind: "user", says: "the system lacks a connection the runbook needs" },
  too_many: { kind: "user", says: "the caller has asked too often within a minute" },
  not_allowed: { kind: "user", says: "the caller may not do this" },
  not_decidable: { kind: "user", says: "the approval is already decided, expired or void" },
  frozen: { kind: "user", says: "writes are frozen (`/diag freeze`)" },
  bad_recording: {
    kind: "user",
    says: "a recording cannot be read, or no longer answers what its runbook asks",
  },
  bad_config: { kind: "user", says: "the environment or diagbot.yaml is wrong; every complaint is listed" },
  bad_audit: { kind: "user", says: "the audit record, or an archive of it, is not as it was written" },
  bad_notification: { kind: "user", says: "the body is not an Alertmanager version 4 notification" },
  bad_change: { kind: "user", says: "the body is no change, or one of a system that there is not" },
  too_large: { kind: "user", says: "the body is larger than the door's limit" },
  unauthorized: { kind: "user", says: "credentials are missing or wrong" },
  store_unavailable: { kind: "unavailable", says: "Postgres could not be reached or refused" },
  busy: { kind: "unavailable", says: "too much was asked at once; the same again in a moment may be taken" },
  queue_unavailable: {
    kind: "unavailable",
    says: "the queue could not be reached; the sweeper will dispatch later",
  },
  slack_unavailable: { kind: "unavailable", says: "Slack could not be reached or refused" },
  target_refused: {
    kind: "unavailable",
    says: "the target refused the connection or the request: nothing was done",
  },
  target_unreachable: { kind: "unavailable", says: "the target could not be reached" },
  target_auth: { kind: "unavailable", says: "the target did not accept our credentials" },
  target_error: { kind: "unavailable", says: "the target answered with an error" },
  timeout: { kind: "unavailable", says: "no answer within the time limit" },
  output_too_large: { kind: "unavailable", says: "the answer was larger than the step's limit" },
  bad_output: { kind: "internal", says: "the target's answer did not have the promised shape" },
  drifted: { kind: "user", says: "the plan or its witness moved after it was approved" },
  aborted: { kind: "internal", says: "the worker gave up the lease or was stopped" },
  worker_stopped: {
    kind: "internal",
    says: "the run stopped its worker three times in a row and was given up",
  },
  bug: { kind: "internal", says: "an assumption of diagbot does not hold" },
} as const satisfies Record<string, { kind: "user" | "unavailable" | "internal"; says: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the closed set, a sentence for people and, where there is one, what to do about it. */
export class DiagError extends Error {
  override readonly name = "DiagError";
  readonly code: ErrorCode;
  /** What the reader can do: one imperative sentence. */
  readonly hint: string | undefined;
  /** The target's own error code, e.g. SQLSTATE `53300` or `ECONNREFUSED`: findings read it. */
  readonly detail: string | undefined;
  /** What else the target said with it, field by field: HINT, `routine`, a header. A code is not a cause. */
  readonly said: Readonly<Record<string, string>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      hint?: string;
      detail?: string;
      said?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.detail = more.detail;
    this.said = more.said;
  }
}

/** Anything thrown becomes a DiagError; what is not ours is a `bug` unless the caller says otherwise. */
export function toDiagError(thrown: unknown, code: ErrorCode = "bug"): DiagError {
  if (thrown instanceof DiagError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DiagError(code, message || code, { cause: thrown });
}
