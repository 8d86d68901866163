import { SLOW } from "./next-steps.ts";
import type { Sign } from "./sign.ts";
import { AZURE } from "./signs-azure.ts";
import { PLATFORMS } from "./signs-platforms.ts";

const TARGETS =
  "Look at the health of its targets and their log at this moment; the load balancer's own access log has the reason per request.";
const ELB = ["server", /^awselb/i] as const;

const AWS: readonly Sign[] = [
  {
    by: "AWS load balancer",
    status: [502],
    header: ELB,
    cause: "behind",
    reason:
      "the target closed the connection, reset it or sent what is no HTTP (often a keep-alive shorter than the load balancer's)",
    next: TARGETS,
  },
  // The text of a rule: its own 503 has another page.
  {
    by: "AWS load balancer",
    status: [503],
    header: ELB,
    body: /maintenance|be right back|be back soon/i,
    cause: "maintenance",
    reason: "a rule of the listener answers so by itself (fixed response)",
    next: "Ask who set the rule, or remove it once the work is done.",
  },
  {
    by: "AWS load balancer",
    status: [500],
    header: ELB,
    cause: "edge-fault",
    reason:
      "it failed itself: a target group with weight 0, a Lambda or login that is set up wrongly, or a fault of AWS",
    next: "Look at its access log (error_reason, actions_executed) for this moment.",
  },
  {
    by: "AWS load balancer",
    status: [503],
    header: ELB,
    body: /^\s*$|<(h1|title)>503 Service Temporarily Unavailable</i,
    cause: "behind",
    reason: "the target group has no registered target",
    next: "Register targets: see whether the deployment or autoscaling group that should do it runs.",
  },
  {
    by: "AWS load balancer",
    status: [504],
    header: ELB,
    cause: "behind",
    reason: "the target took no connection or sent no answer within the idle timeout",
    next: TARGETS,
  },
  {
    by: "AWS load balancer",
    status: [403],
    header: ELB,
    cause: "blocked",
    reason: "its web application firewall refuses this client",
    next: "See the sampled requests of the web ACL for the rule.",
  },
  {
    by: "AWS load balancer",
    status: [404],
    header: ELB,
    cause: "no-route",
    reason: "no listener rule fits this host and path",
    next: "Compare host and path with the listener's rules.",
  },
  {
    by: "AWS load balancer",
    status: [460],
    header: ELB,
    cause: "behind",
    reason:
      "the client went away before the service had answered: the service is slower than whoever asks (or a proxy before) waits",
    next: SLOW,
  },
  {
    by: "AWS load balancer",
    status: [463],
    header: ELB,
    cause: "bad-request",
    reason: "more than 30 addresses in X-Forwarded-For: requests go in a circle",
  },
  {
    by: "AWS load balancer",
    status: [464],
    header: ELB,
    cause: "bad-request",
    reason: "the protocol version does not fit the target group's (HTTP/1.1, HTTP/2, gRPC)",
  },
  {
    by: "AWS load balancer",
    status: [561],
    header: ELB,
    cause: "credentials",
    reason: "its identity provider refused the login",
  },
  {
    by: "AWS load balancer",
    status: [400],
    header: ELB,
    cause: "bad-request",
    reason: "it does not take this request (malformed, or headers too large)",
  },
  {
    by: "API Gateway",
    status: [403],
    body: /"message"\s?:\s?"Missing Authentication Token"/i,
    cause: "no-route",
    reason: "it has no such path or method; that is how it words it, no token is missing",
    next: "Compare path, method and stage with the API's resources; was it deployed after the last change?",
  },
  {
    by: "API Gateway",
    status: [403],
    header: ["x-amzn-errortype", /^ForbiddenException/i],
    cause: "forbidden",
    reason: "no valid API key, a resource policy, or a host name without a mapping",
    next: "Check the x-api-key header and its usage plan, the resource policy, and the custom domain's mapping.",
  },
  {
    by: "API Gateway",
    status: [429],
    body: /"message"\s?:\s?"Limit Exceeded"/i,
    cause: "quota",
    reason: "the quota of the usage plan is used up",
  },
  {
    by: "API Gateway",
    status: [504],
    body: /"message"\s?:\s?"Endpoint request timed out"/i,
    cause: "behind",
    reason: "the integration did not answer within its limit (29 s)",
    next: "Look at the function or service behind it: what takes so long?",
  },
  {
    by: "API Gateway",
    status: [500, 502],
    header: ["x-amzn-errortype", /InternalServerErrorException/i],
    cause: "behind",
    reason: "the integration failed or answered in a wrong form",
    next: "Read the log of the function or service behind it.",
  },
  {
    by: "API Gateway",
    status: [500],
    header: ["apigw-requestid", /./],
    body: /"message"\s?:\s?"Internal Server Error"/i,
    cause: "behind",
    reason: "the integration failed or answered in a wrong form, or the gateway may not call it",
    next: "Read the log of the function or service behind it, and the permission of the gateway to invoke it.",
  },
  {
    by: "API Gateway",
    status: [502],
    header: ["apigw-requestid", /./],
    cause: "behind",
    reason: "the integration failed or answered in a wrong form",
    next: "Read the log of the function or service behind it.",
  },
  {
    by: "API Gateway",
    status: [503, 504],
    header: ["apigw-requestid", /./],
    body: /"message"\s?:\s?"Service Unavailable"/i,
    cause: "behind",
    reason: "the integration did not answer it in time",
    next: "Read the log of the function or service behind it.",
  },
];

const GOOGLE: readonly Sign[] = [
  {
    by: "Cloud Run",
    status: [500],
    header: ["server", /^Google Frontend/i],
    body: /The server encountered an error and could not complete your request/i,
    cause: "behind",
    reason: "the service crashed, did not start or broke off before it answered",
    next: "See the service's log at this moment.",
  },
  {
    by: "Cloud Run",
    status: [429, 500, 503],
    header: ["server", /^Google Frontend/i],
    body: /^Rate exceeded\.|no available instance/i,
    cause: "overloaded",
    reason:
      "no instance of the service was free to take the request: its maximum of instances is reached, or they start too slowly",
    next: 'See the service\'s log at this moment ("no available instance", a crash), and its maximum of instances and concurrency.',
  },
  {
    by: "Google",
    status: [404],
    body: /Error 404 \(Not Found\)!!1/i,
    cause: "no-route",
    reason:
      "Google answers in its place: it has no service of this host name or no such path, or the service's ingress setting does not let this network in",
    next: "Compare the host name and region with the service's address, and its ingress setting (internal only answers 404 outside).",
  },
  {
    by: "Google load balancer",
    status: [502, 503, 504],
    body: /The server encountered a temporary error and could not complete your request/i,
    cause: "behind",
    reason: "no healthy backend, or the backend closed the connection or did not answer in time",
    next: "Look at the health of the backend service, its firewall rule for health checks, and statusDetails in the load balancer's log.",
  },
  {
    by: "Google load balancer",
    status: [404],
    body: /response 404 \(backend NotFound\)|default backend - 404/i,
    cause: "no-route",
    reason: "no rule fits this host and path, so the default backend answers",
    next: "Compare host and path with the rules of the ingress (`kubectl get ingress -A`).",
  },
  {
    by: "Google load balancer",
    status: [403],
    header: ["via", /\bgoogle\b/i],
    body: /Your client does not have permission to get URL/i,
    cause: "forbidden",
    reason: "IAM, IAP or Cloud Armor does not let this client in",
    next: "Give the caller the right (Cloud Run: roles/run.invoker) or see the Cloud Armor rule.",
  },
];

/** Load balancers and gateways of the clouds, and platforms. */
export const CLOUD_SIGNS: readonly Sign[] = [...PLATFORMS, ...AWS, ...GOOGLE, ...AZURE];
