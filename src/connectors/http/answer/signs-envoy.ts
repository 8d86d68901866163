import { ROUTE, SLOW, UPSTREAM } from "./next-steps.ts";
import type { Sign } from "./sign.ts";

/** Envoy, and what is made of it: Istio, Contour, Emissary, Envoy Gateway, Google's load balancers. */
const envoy = (body: RegExp, cause: Sign["cause"], reason: string, next?: string): Sign => ({
  by: "Envoy",
  body,
  cause,
  reason,
  ...(next === undefined ? {} : { next }),
});
export const ENVOY: readonly Sign[] = [
  envoy(
    /^no healthy upstream/i,
    "behind",
    "no endpoint of the service is healthy (UH)",
    "Look at the service's pods and their readiness, and at outlier detection.",
  ),
  envoy(
    /^upstream request timeout|^upstream max stream duration reached|^stream timeout/i,
    "behind",
    "the service did not answer within the route's timeout (UT)",
    SLOW,
  ),
  envoy(
    /^upstream connect error[\s\S]{0,300}TLS[ _]error/i,
    "behind",
    "the TLS handshake with the service failed (UF): one side wants mutual TLS, the other does not",
    "Compare PeerAuthentication and DestinationRule; a certificate of the mesh may have expired.",
  ),
  envoy(
    /^upstream connect error[\s\S]{0,300}(connection failure|connection timeout|delayed connect error|immediate connect error)/i,
    "behind",
    "it cannot connect to the service (UF)",
    "See whether the pods run and listen on the service's targetPort.",
  ),
  envoy(
    /^upstream connect error[\s\S]{0,300}connection termination/i,
    "behind",
    "the service closed the connection before it answered (UC): it crashed, or its keep-alive is shorter than the proxy's",
    UPSTREAM,
  ),
  envoy(
    /^upstream connect error[\s\S]{0,300}overflow/i,
    "overloaded",
    "a circuit breaker is open (UO): too many connections or waiting requests",
    "See which limit of the DestinationRule or cluster was reached, and why the service is slow.",
  ),
  envoy(
    /^upstream connect error|^upstream_reset/i,
    "behind",
    "it cannot connect to the service, or the service broke off",
    UPSTREAM,
  ),
  envoy(
    /^RBAC: access denied/i,
    "forbidden",
    "an authorization policy of the mesh refuses it",
    "Allow this caller in the AuthorizationPolicy.",
  ),
  envoy(
    /^Jwt (is|issuer|verification|header|payload|signature)|^Audiences in Jwt/i,
    "credentials",
    "the proxy does not accept the token (JWT)",
    "Get a new token; compare its issuer and audience with the RequestAuthentication.",
  ),
  envoy(/^local_rate_limited/i, "limited", "its local rate limit was reached"),
  envoy(
    /^fault filter abort/i,
    "edge-fault",
    "a fault is injected there on purpose",
    "Remove the fault of the VirtualService when the experiment is over.",
  ),
  envoy(
    /^no cluster match|^cluster_not_found|^no_cluster/i,
    "no-route",
    "its route leads to a cluster that is not there (NC)",
    ROUTE,
  ),
  {
    by: "Envoy",
    status: [426],
    cause: "bad-request",
    header: ["server", /envoy/i],
    reason: "it does not take HTTP/1.0",
  },
  {
    by: "Envoy",
    header: ["x-envoy-ratelimited", /./],
    cause: "limited",
    reason: "its rate limit service refuses",
  },
  {
    by: "Envoy",
    header: ["x-envoy-overloaded", /./],
    cause: "overloaded",
    reason: "the service behind it is overloaded: a circuit breaker is open, or load is shed",
  },
  {
    by: "Envoy",
    status: [404],
    header: ["server", /envoy/i],
    body: /^$/,
    cause: "no-route",
    reason: "no route for this host and path (NR)",
    next: ROUTE,
  },
  {
    by: "Linkerd",
    header: ["l5d-proxy-error", /./],
    status: [502, 503, 504],
    cause: "behind",
    reason: "its proxy cannot connect to the service, or gets no answer in time",
    next: "Look at the pods of the service and the log of their linkerd-proxy.",
  },
];
