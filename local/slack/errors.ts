/** A refusal of the Web API: HTTP 200 with `{ ok: false, error: code }`, plus one message per bad place. */
export class SlackError extends Error {
  readonly code: string;
  readonly messages: readonly string[];

  constructor(code: string, messages: readonly string[] = []) {
    super(messages.length > 0 ? `${code}: ${messages.join("; ")}` : code);
    this.name = "SlackError";
    this.code = code;
    this.messages = messages;
  }
}

/**
 * What a person is shown when the app did not take part: `operation_timeout` (no acknowledgement in time),
 * `dispatch_failed` (nobody there), `http_client_error` and `http_service_error` (4xx, 5xx), `invalid_command`.
 */
export class PersonSees extends Error {
  readonly code: string;

  constructor(code: string, what: string) {
    super(`${what}: ${code}`);
    this.name = "PersonSees";
    this.code = code;
  }
}
