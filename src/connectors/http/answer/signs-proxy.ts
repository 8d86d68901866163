import { ROUTE, SLOW, UPSTREAM } from "./next-steps.ts";
import type { Sign } from "./sign.ts";
import { ENVOY } from "./signs-envoy.ts";

/** The page nginx and those made of it write: their name at the end. */
const NGINX = /<center>(nginx|openresty|tengine|angie)[^<]{0,40}<\/center>/i;

const nginx = (
  status: readonly number[],
  cause: Sign["cause"],
  reason: string,
  next?: string,
  body = NGINX,
): Sign => ({
  by: "nginx",
  status,
  body,
  cause,
  reason,
  ...(next === undefined ? {} : { next }),
});
const NGINX_SIGNS: readonly Sign[] = [
  nginx(
    [400, 497],
    "to-https",
    "plain HTTP was sent to its HTTPS port",
    undefined,
    /plain HTTP request was sent to HTTPS port/i,
  ),
  nginx(
    [400, 496],
    "client-certificate",
    "it wants a client certificate (mutual TLS) and got none",
    undefined,
    /No required SSL certificate was sent/i,
  ),
  nginx(
    [400, 495],
    "client-certificate",
    "it does not accept the client certificate",
    undefined,
    /SSL certificate error/i,
  ),
  nginx(
    [400, 431, 494],
    "bad-request",
    "headers or cookies are larger than it takes",
    "Send less, or raise large_client_header_buffers.",
    /Request Header Or Cookie Too Large/i,
  ),
  nginx(
    [502],
    "behind",
    "the service behind it refuses the connection, closes it or sends what is no answer",
    UPSTREAM,
  ),
  nginx(
    [504],
    "behind",
    "the service behind it does not answer in time (proxy_read_timeout, 60 s by default)",
    SLOW,
  ),
  nginx(
    [503],
    "behind",
    "either it has nobody to pass the request to (an ingress without endpoints), or a limit of its own was reached (limit_req, limit_conn answer 503)",
    'To tell them apart read its error log: "limiting requests" is a limit; otherwise look at the endpoints (`kubectl get endpoints`).',
  ),
  nginx([429], "limited", "its limit_req was reached"),
  nginx([413], "bad-request", "the body is larger than client_max_body_size"),
  nginx(
    [403],
    "forbidden",
    "either a rule (allow/deny), or a folder without an index file; its error log says which",
  ),
  nginx(
    [404],
    "no-route",
    "it knows no such path itself: the request did not get as far as the service",
    ROUTE,
  ),
  nginx([405], "bad-request", "it serves this path from a file and does not take the method"),
  nginx(
    [500],
    "edge-fault",
    "it failed itself: a rewrite circle, a script or too many open files; its error log says which",
    "Read the proxy's error log.",
  ),
];

const haproxy = (
  status: number,
  body: RegExp,
  cause: Sign["cause"],
  reason: string,
  next?: string,
): Sign => ({
  by: "HAProxy",
  status: [status],
  body,
  cause,
  reason,
  ...(next === undefined ? {} : { next }),
});
const OTHERS: readonly Sign[] = [
  haproxy(
    503,
    /No server is available to handle this request/i,
    "behind",
    "no server of the backend is up",
    "Look at its stats page or `show stat`: which check fails, and why.",
  ),
  haproxy(
    502,
    /The server returned an invalid or incomplete response/i,
    "behind",
    "the server broke off or sent what is no HTTP",
    UPSTREAM,
  ),
  haproxy(
    504,
    /The server didn't respond in time/i,
    "behind",
    "the server did not answer within `timeout server`",
    SLOW,
  ),
  {
    by: "GitHub",
    status: [403],
    body: /make sure your request has a User-Agent header/i,
    cause: "bad-request",
    reason: "it wants a User-Agent header",
    next: "Give the connection one (`headers:`).",
  },
  haproxy(
    403,
    /Request forbidden by administrative rules/i,
    "blocked",
    "one of its rules refuses this client",
    "Allow it in the proxy's http-request rules.",
  ),
  haproxy(
    429,
    /You have sent too many requests in a given amount of time/i,
    "limited",
    "its rate limit was reached",
  ),
  haproxy(
    400,
    /Your browser sent an invalid request/i,
    "bad-request",
    "it does not take this request: malformed, or headers larger than its buffer",
  ),
  {
    by: "Kubernetes ingress",
    status: [404],
    body: /^default backend - 404/i,
    cause: "no-route",
    reason: "no ingress rule fits this host and path, so the default backend answers",
    next: "Compare host and path with `kubectl get ingress -A`, and the ingress class.",
  },
  {
    by: "Traefik",
    status: [503],
    body: /^no available server/i,
    cause: "behind",
    reason: "no server of the service is healthy",
    next: "Look at the service's containers or pods and at its health check in Traefik.",
  },
  {
    by: "Traefik or a Go service",
    status: [404],
    body: /^404 page not found\s*$/,
    cause: "not-found",
    reason:
      "either Traefik, which has no router for this host and path, or a service written in Go that has no such path (both say these words)",
    next: "To tell them apart ask the service past the proxy; then compare host and path with the router's rule, or correct `health:`.",
  },
  {
    by: "Traefik or a Go proxy",
    status: [502, 504],
    body: /^(Bad Gateway|Gateway Timeout)\s*$/,
    cause: "behind",
    reason: "the service behind it refuses the connection, breaks off or does not answer in time",
    next: UPSTREAM,
  },
  {
    by: "Kong",
    status: [404],
    body: /no Route matched with those values/i,
    cause: "no-route",
    reason: "no route fits this host, path and method",
    next: ROUTE,
  },
  {
    by: "Kong",
    status: [503],
    body: /failure to get a peer from the ring-balancer|name resolution failed/i,
    cause: "behind",
    reason: "no healthy target of the upstream, or its name cannot be resolved",
    next: UPSTREAM,
  },
  {
    by: "Kong",
    status: [502, 504],
    body: /(invalid response was received from the upstream|upstream server is timing out)/i,
    cause: "behind",
    reason: "the service behind it breaks off or does not answer in time",
    next: UPSTREAM,
  },
  {
    by: "Kong",
    status: [500],
    header: ["server", /^kong/i],
    body: /"message"\s?:\s?"An unexpected error occurred"/i,
    cause: "edge-fault",
    reason: "it failed itself: a plugin, or its own database",
    next: "Read Kong's error log: the service was not asked, or its answer was lost.",
  },
  {
    by: "Kong",
    status: [401],
    body: /No API key found in request|Invalid authentication credentials/i,
    cause: "credentials",
    reason: "it wants a valid API key",
  },
  {
    by: "APISIX",
    status: [404],
    body: /"error_msg"\s?:\s?"404 Route Not Found"/i,
    cause: "no-route",
    reason: "no route fits this host and path",
    next: ROUTE,
  },
  {
    by: "Apache",
    status: [502, 504],
    body: /Proxy Error[\s\S]{0,600}(invalid response|Error reading from remote server|Timeout)/i,
    cause: "behind",
    reason: "the service behind it broke off or did not answer in time",
    next: UPSTREAM,
  },
  {
    by: "Apache",
    status: [503],
    body: /temporarily unable to service your\s+request due to maintenance downtime or capacity/i,
    cause: "behind",
    reason:
      "it cannot connect to the service behind it (its words of maintenance are the same for all reasons)",
    next: UPSTREAM,
  },
  {
    by: "Squid",
    header: ["x-squid-error", /ERR_ACCESS_DENIED|ERR_CACHE_ACCESS_DENIED/],
    cause: "blocked",
    reason: "the proxy on the way does not let this request out",
    next: "Allow the host in the proxy's access list, or take it out of the proxy's way.",
  },
  {
    by: "Squid",
    header: ["x-squid-error", /./],
    cause: "behind",
    reason: "the proxy on the way could not reach or resolve the host",
    next: "Ask from another machine without the proxy; see the proxy's access.log.",
  },
];

/** Proxies, ingress controllers and meshes. */
export const PROXY_SIGNS: readonly Sign[] = [...NGINX_SIGNS, ...ENVOY, ...OTHERS];
