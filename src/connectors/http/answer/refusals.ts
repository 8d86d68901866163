import { clip } from "../../../core/words/format.ts";
import type { Heard, Known } from "./shape.ts";

/** What a refusal says beside its 401, 403 or 407: in `WWW-Authenticate` (RFC 6750) or in the body. The first that fits. */
const HINTS: readonly (readonly [RegExp, Known])[] = [
  [
    /(token|session|credential|key|jwt|signature)s?[\w ]{0,20} (has |is |was )?expired|expired (api[_ ]?key|key|credential|session)|expired[_ ]?token|ExpiredToken|token_expired|invalid_token[^\n]{0,100}expired/i,
    {
      cause: "credentials",
      reason: "the token or key has expired",
      next: "Get a new one and put it into `headers:` of the connection.",
    },
  ],
  [
    /RequestTimeTooSkewed|RequestExpired|Signature (expired|not yet current)|clock skew|timestamp[^\n]{0,40}(window|too old|skew|drift)/i,
    {
      cause: "credentials",
      reason: "the clocks differ too much: the request looks too old or too new",
      next: "Compare the clock of this machine with the time (`timedatectl`, `chronyc tracking`).",
    },
  ],
  [
    /insufficient_scope|insufficient[ _](scope|permission|privilege)|missing (required )?scope|(lack|does not have|without)[^\n]{0,40}(scope|permission|right|role)s?\b|not authorized to perform|AccessDeniedException|PERMISSION_DENIED/i,
    {
      cause: "forbidden",
      reason: "the credentials are known but lack a right or scope for this",
      next: "Give them the right at the provider, or use others in `headers:`.",
    },
  ],
  [
    /SERVICE_DISABLED|accessNotConfigured|API has not been (used|enabled)/i,
    {
      cause: "forbidden",
      reason: "this API is not switched on for the project",
      next: "Enable the API in the provider's console.",
    },
  ],
  [
    /(account|project|subscription|user|key|api key)[\w ]{0,20} (is |has been |was )?(suspended|disabled|deactivated|revoked|blocked|deleted)/i,
    {
      cause: "forbidden",
      reason: "the account or key was disabled by the provider",
      next: "Ask the provider why; new credentials of the same account will not help.",
    },
  ],
  [
    /\b(ip|address|origin)\b[^\n]{0,40}(not (allowed|permitted|whitelisted|in the allow)|block|ban|denied)|(allow-?list|white-?list)/i,
    {
      cause: "blocked",
      reason: "this address is not allowed",
      next: "Allow this machine's outgoing address there.",
    },
  ],
  [
    /(SAML|SSO)[^\n]{0,60}(authoriz|enforce|required)/i,
    {
      cause: "forbidden",
      reason: "the organisation wants the token authorised for single sign-on",
      next: "Authorise the token for the organisation's SSO.",
    },
  ],
  [
    /client certificate|certificate (is )?required|mutual tls|\bmtls\b/i,
    { cause: "client-certificate", reason: "it wants a client certificate (mutual TLS)" },
  ],
  [
    /Blocked hosts?\b|DisallowedHost|Invalid Host header|host (is )?not allowed|ALLOWED_HOSTS/i,
    {
      cause: "no-route",
      reason: "the service does not take requests for this host name",
      next: "Allow the host name in the service's settings (config.hosts, ALLOWED_HOSTS), or ask it by the name it knows.",
    },
  ],
  [
    /invalid[_ ]token|\b(invalid_auth|not_authed|token_revoked|account_inactive)\b|invalid[_ ](api[_ ]?key|credentials|client|grant|signature)|bad credentials|InvalidSignature|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|unknown api key|wrong (user|password)/i,
    { cause: "credentials", reason: "it does not know these credentials, or they are wrong" },
  ],
];

/** What a 401, 403 or 407 (and a 400 that says the same) is about. Undefined: none of these. */
export function refusalIn(heard: Heard): Known | undefined {
  const { status, headers } = heard;
  if (status === 407) return { cause: "proxy-credentials", ...said(headers["proxy-authenticate"]) };
  if (status === 511)
    return {
      cause: "blocked",
      by: "the network on the way",
      reason: "it wants a login of its own (captive portal) before it lets anything out",
      next: "Log this machine in at the network, or get an exception for it.",
    };
  if (![400, 401, 403, 421, 451, 495, 496].includes(status)) return undefined;
  if (status === 421)
    return {
      cause: "no-route",
      reason:
        "the server does not serve this host name on this connection (name in TLS and in the request differ, or it is another server's)",
      next: "Compare the host name with the server's names; a proxy that passes TLS on must send the name (SNI) it asks for.",
    };
  if (status === 451)
    return { cause: "blocked", reason: "it is not served here for legal reasons (country or court)" };
  if (status === 495 || status === 496) return { cause: "client-certificate" };
  const text = `${headers["www-authenticate"] ?? ""}\n${heard.body.slice(0, 4096)}`;
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  if (hint !== undefined) return hint;
  if (status === 401) return { cause: "credentials", ...said(headers["www-authenticate"]) };
  return status === 403 ? { cause: "forbidden" } : undefined;
}

/** The scheme it asks for: `Basic`, `Bearer`, `Negotiate`. */
function said(header: string | undefined): { reason?: string } {
  const scheme = /^[A-Za-z][\w-]{1,20}/.exec(header ?? "")?.[0];
  return scheme === undefined ? {} : { reason: `it asks for ${clip(scheme, 20)}` };
}
