import type { Sign } from "./sign.ts";
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
  {
    by: "AWS load balancer",
    status: [503],
    header: ELB,
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

const APP = "Start the app, or see in its log why it does not start.";
const AZURE: readonly Sign[] = [
  {
    by: "Azure Front Door",
    status: [502, 503, 504],
    header: ["x-azure-ref", /./],
    body: /Our services aren't available right now|The request timed out/i,
    cause: "behind",
    reason: "no healthy origin, or it does not answer in time",
    next: "Look at the origin group's health; OriginConnectionError and the like stand in its log, by the x-azure-ref.",
  },
  {
    by: "Azure Front Door",
    status: [403],
    header: ["x-azure-ref", /./],
    body: /The request is blocked/i,
    cause: "blocked",
    reason: "a web application firewall rule refuses this client",
    next: "See the WAF log for the rule.",
  },
  {
    by: "Azure Application Gateway",
    status: [502, 504],
    body: /Microsoft-Azure-Application-Gateway/i,
    cause: "behind",
    reason: "no healthy server in the backend pool, or it does not answer in time",
    next: "Look at Backend health of the gateway: it names the reason per server.",
  },
  {
    by: "Azure Application Gateway",
    status: [403],
    body: /Microsoft-Azure-Application-Gateway/i,
    cause: "blocked",
    reason: "its web application firewall refuses this request",
    next: "See the WAF log for the rule.",
  },
  {
    by: "Azure App Service",
    status: [403],
    body: /(this web app is stopped|Site Disabled|web app you have attempted to reach is currently stopped)/i,
    cause: "behind",
    reason: "the web app is stopped",
    next: APP,
  },
  {
    by: "Azure App Service",
    status: [503],
    body: /<title>[^<]{0,60}Application Error|:\( Application Error/i,
    cause: "behind",
    reason: "the container or process of the app does not start or does not answer",
    next: APP,
  },
  {
    by: "IIS",
    body: /HTTP Error 50[02]\.\d{1,2} - |ANCM|ASP\.NET Core app failed to start/i,
    cause: "behind",
    reason: "the app's process failed to start or crashed",
    next: "Read the stdout log and the event log of the ASP.NET Core Module.",
  },
  {
    by: "IIS (http.sys)",
    status: [503],
    body: /HTTP Error 503\. The service is unavailable/i,
    cause: "behind",
    reason: "the application pool is stopped, disabled after crashes, or its queue is full",
    next: "Look at the application pool and at the event log (WAS): rapid-fail protection stops a pool after five crashes.",
  },
  {
    by: "IIS (http.sys)",
    status: [400],
    body: /Bad Request - Invalid Hostname/i,
    cause: "no-route",
    reason: "no site is bound to this host name",
    next: "Add the binding, or correct the host in diagbot.yaml.",
  },
];

/** Load balancers and gateways of the clouds, and platforms. */
export const CLOUD_SIGNS: readonly Sign[] = [...AWS, ...GOOGLE, ...AZURE, ...PLATFORMS];
