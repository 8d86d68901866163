import type { Heard, Known } from "./shape.ts";

const LOGIN =
  /(^|[/.?=_-])(log-?in|sign[-_]?in|sso|saml2?|oauth2?|authorize|auth|idp|adfs|cas)([/.?&=_-]|$)|accounts\.google\.|login\.microsoftonline\.|\.okta\.|\.auth0\.|cloudflareaccess\.|\/realms\/|openid-connect/i;

/** What an answer that leads elsewhere means, by where it leads. */
export function redirectIn({ status, redirect, origin, path }: Heard): Known | undefined {
  if (status < 300 || status > 399 || status === 304) return undefined;
  if (redirect === undefined) return { cause: "moved" };
  if (!URL.canParse(redirect)) return { cause: "moved" };
  const to = new URL(redirect);
  const from = new URL(origin);
  if (to.origin === from.origin && to.pathname === path.split("?", 1)[0]) return { cause: "circle" };
  if (LOGIN.test(redirect.slice(0, 500))) return { cause: "login" };
  if (to.hostname === from.hostname && from.protocol === "http:" && to.protocol === "https:")
    return { cause: "to-https" };
  if (to.hostname === from.hostname && to.protocol === "http:" && from.protocol === "https:")
    return {
      cause: "moved",
      reason: `back to plain HTTP${to.port === "" ? "" : ` and to port ${to.port}, which is the service's own behind the proxy`}: the service does not know that TLS ends before it`,
      next: "Let the proxy send X-Forwarded-Proto and X-Forwarded-Port (or Host) and the service trust them (Django SECURE_PROXY_SSL_HEADER, Rails assume_ssl, Spring server.forward-headers-strategy, nginx absolute_redirect off). Do not put that address into diagbot.yaml.",
    };
  return { cause: to.origin === from.origin ? "circle" : "moved" };
}
