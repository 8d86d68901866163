import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";

/**
 * How a call of Slack can end badly. `ambiguous` it may have happened; `unsent` it surely did not;
 * `missing` the message is not there; `place` the channel does not take it; `content` Slack refuses what was drawn;
 * `access` the token does not allow it; `fixed` the message cannot be changed any more.
 */
export type Failure =
  | { readonly kind: "limited"; readonly method: string; readonly ms: number; readonly why: string }
  | {
      readonly kind: "ambiguous" | "unsent" | "missing" | "place" | "content" | "access" | "fixed";
      readonly method: string;
      readonly why: string;
    };

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

const KINDS: readonly [Failure["kind"], ReadonlySet<string>][] = [
  ["ambiguous", words("internal_error fatal_error service_unavailable request_timeout")],
  ["missing", words("message_not_found thread_not_found no_such_thread")],
  ["fixed", words("cant_update_message edit_window_closed message_not_editable")],
  [
    "place",
    words(
      "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel " +
        "restricted_action_thread_only_channel restricted_action_non_threadable_channel messages_tab_disabled " +
        "cannot_reply_to_message external_channel_migrating team_access_not_granted posting_to_channel_denied",
    ),
  ],
  [
    "access",
    words(
      "invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope access_denied " +
        "org_login_required ekm_access_denied not_allowed_token_type two_factor_setup_required accesslimited",
    ),
  ],
];

/** Errors of the network before anything was sent. */
const NEVER_SENT = words("ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT");

/** Seconds to wait where Slack does not say. */
const DEFAULT_LIMIT_MS = 10_000;

/** What a thrown error of the Slack client means. Anything unknown may have happened. */
export function classify(thrown: unknown, method: string): Failure {
  if (thrown instanceof WebAPIRateLimitedError)
    return { kind: "limited", method, ms: thrown.retryAfter * 1000, why: "rate limited" };
  if (thrown instanceof WebAPIPlatformError) return classifyAnswer(thrown.data.error, method);
  if (thrown instanceof WebAPIHTTPError) {
    const kind = thrown.statusCode >= 500 || thrown.statusCode === 408 ? "ambiguous" : "content";
    return { kind, method, why: `HTTP ${thrown.statusCode}` };
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  if (why.startsWith("Retry header")) return { kind: "limited", method, ms: DEFAULT_LIMIT_MS, why };
  const code = thrown instanceof WebAPIRequestError ? networkCode(thrown.original) : undefined;
  const kind = code !== undefined && NEVER_SENT.has(code) ? "unsent" : "ambiguous";
  return { kind, method, why: code ?? why };
}

function classifyAnswer(error: string, method: string): Failure {
  if (error === "ratelimited" || error === "rate_limited" || error === "message_limit_exceeded")
    return { kind: "limited", method, ms: DEFAULT_LIMIT_MS, why: error };
  const kind = KINDS.find(([, errors]) => errors.has(error))?.[0] ?? "content";
  return { kind, method, why: error } as Failure;
}

function networkCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 3) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return networkCode(error.cause, depth + 1);
}
