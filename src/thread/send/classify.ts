import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from "@slack/web-api";
import { troubleOfRefusal } from "../../core/rules/channel.ts";

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
      /** Slack's own word, or the network's. */
      readonly why: string;
      /** Scopes the token lacks, where Slack says so. */
      readonly needed?: string;
    };

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

type Kind = Exclude<Failure["kind"], "limited">;

const KINDS: readonly [Kind, ReadonlySet<string>][] = [
  ["ambiguous", words("internal_error fatal_error service_unavailable request_timeout")],
  // The workspace moves to an Enterprise organisation: over by itself.
  ["unsent", words("team_added_to_org")],
  [
    "missing",
    words(
      "message_not_found thread_not_found no_such_thread cannot_reply_to_message restricted_action_thread_locked",
    ),
  ],
  ["fixed", words("cant_update_message edit_window_closed message_not_editable")],
  [
    "access",
    words(
      "invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope access_denied " +
        "org_login_required ekm_access_denied not_allowed_token_type two_factor_setup_required accesslimited " +
        "team_not_found enterprise_is_restricted unknown_method method_deprecated deprecated_endpoint insecure_request",
    ),
  ],
];

/** HTTP statuses before Slack looks at what is sent: a proxy refuses, or the address is not Slack's. */
const NOT_LET_THROUGH = new Set([401, 403, 404, 405, 407, 421]);

/** Errors of the network before anything was sent. */
const NEVER_SENT = words("ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH UND_ERR_CONNECT_TIMEOUT");

/** Seconds to wait where Slack does not say. */
const DEFAULT_LIMIT_MS = 10_000;

/** What a thrown error of the Slack client means. Anything unknown may have happened. */
export function classify(thrown: unknown, method: string): Failure {
  if (thrown instanceof WebAPIRateLimitedError)
    return { kind: "limited", method, ms: thrown.retryAfter * 1000, why: "rate limited" };
  if (thrown instanceof WebAPIPlatformError) return classifyAnswer(thrown.data, method);
  if (thrown instanceof WebAPIHTTPError)
    return { kind: kindOfStatus(thrown.statusCode), method, why: `HTTP ${thrown.statusCode}` };
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  if (why.startsWith("Retry header")) return { kind: "limited", method, ms: DEFAULT_LIMIT_MS, why };
  const code = thrown instanceof WebAPIRequestError ? networkCode(thrown.original) : undefined;
  const kind = code !== undefined && NEVER_SENT.has(code) ? "unsent" : "ambiguous";
  return { kind, method, why: code ?? why };
}

const LIMITED = words("ratelimited rate_limited message_limit_exceeded too_many_requests");

/** An answer of Slack that is not understood was a refusal all the same: nothing was posted. */
function classifyAnswer(data: { error: string; needed?: unknown }, method: string): Failure {
  const { error, needed } = data;
  if (LIMITED.has(error)) return { kind: "limited", method, ms: DEFAULT_LIMIT_MS, why: error };
  const known =
    troubleOfRefusal(error) === undefined ? KINDS.find(([, errors]) => errors.has(error))?.[0] : "place";
  const scopes = typeof needed === "string" && needed !== "" ? { needed } : {};
  return { kind: known ?? "content", method, why: error, ...scopes };
}

function kindOfStatus(status: number): "ambiguous" | "access" | "content" {
  if (status >= 500 || status === 408) return "ambiguous";
  return NOT_LET_THROUGH.has(status) ? "access" : "content";
}

function networkCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 3) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return networkCode(error.cause, depth + 1);
}
