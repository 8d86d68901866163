import type { Sign } from "./sign.ts";

/**
 * What programs and providers mean by a code that means something else elsewhere: their own error words, whoever hands them on.
 * A 429 of Elasticsearch is a full heap or a full disk, a 404 of GitHub may be a missing right.
 */
const elastic = (body: RegExp, cause: Sign["cause"], reason: string, next: string): Sign => ({
  by: "Elasticsearch",
  body,
  cause,
  reason,
  next,
});
const ELASTIC: readonly Sign[] = [
  elastic(
    /flood-stage watermark|FORBIDDEN\/12\/index read-only/i,
    "says-ill",
    "a disk of its nodes is beyond the flood-stage watermark, so its indexes take no writes",
    "Free or add disk on its data nodes (`GET _cat/allocation?v`); from 7.4 on the block goes by itself below the high watermark, before that it is to be taken off (`index.blocks.read_only_allow_delete`).",
  ),
  elastic(
    /circuit_breaking_exception/i,
    "overloaded",
    "its heap has no room for the request: a circuit breaker refuses it, which is no rate limit",
    "Look at its heap (`GET _nodes/stats/breaker`): large aggregations, fielddata or too many requests at once fill it.",
  ),
  elastic(
    /es_rejected_execution_exception/i,
    "overloaded",
    "its queue for such requests is full, which is no rate limit",
    "See which pool rejects (`GET _cat/thread_pool?v&h=name,active,queue,rejected`), and send smaller or fewer requests at once.",
  ),
  elastic(
    /master_not_discovered_exception|no_master_block|state not recovered/i,
    "says-ill",
    "its nodes have elected no master",
    "See which of its master-eligible nodes are up and reach each other: a majority must (the log of each names those it found).",
  ),
];

const OBJECTS: readonly Sign[] = [
  {
    by: "S3",
    body: /<Code>(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)</,
    cause: "moved",
    reason: "the bucket is in another region than this endpoint",
    quotes: "x-amz-bucket-region",
    next: "Ask it at its own region's endpoint: the x-amz-bucket-region header and <Endpoint> or <Region> in the body name it.",
  },
  {
    by: "S3",
    body: /<Code>NoSuchBucket</,
    cause: "not-found",
    reason: "there is no bucket of this name",
    next: "Compare the bucket's name and the account; was it deleted, or never made in this environment?",
  },
];

/** Who may not see a thing is told that it is not there. */
const HIDDEN: readonly Sign[] = [
  {
    by: "GitLab",
    status: [404],
    path: /\/-\/(health|readiness|liveness|metrics)\b/,
    cause: "not-found",
    reason:
      "either no GitLab is there, or this address is not on its monitoring allow list (to all others it answers 404)",
    next: "To tell them apart ask the same on GitLab's own machine; then add this address to `monitoring_whitelist` (monitoring.ipAllowlist).",
  },
  {
    by: "GitHub",
    status: [404],
    header: ["x-github-request-id", /./],
    body: /"message"\s?:\s?"Not Found"/,
    cause: "not-found",
    reason:
      "either it is not there, or these credentials may not see it (GitHub answers 404 for what is private)",
    next: "To tell them apart ask with the token of somebody who sees it; check the token's repositories, scopes and expiry, then the name.",
  },
];

const PROGRAMS: readonly Sign[] = [
  {
    by: "Prometheus",
    header: ["x-prometheus-stopping", /^false/i],
    status: [503],
    cause: "starting",
    reason: "it opens its storage and replays the write-ahead log before it is ready",
  },
  {
    by: "Prometheus",
    header: ["x-prometheus-stopping", /^true/i],
    status: [503],
    cause: "says-ill",
    reason: "it is shutting down",
    next: "See who stops it (deploy, systemd, the node), and whether it comes back.",
  },
  {
    by: "Loki, Mimir or Tempo",
    status: [503],
    body: /^Some services are not Running:\s{1,4}Starting: \d{1,4}\s{0,4}(Running: \d{1,4}\s{0,4})?$/,
    cause: "starting",
    reason: "some of its services are still starting, none has failed",
  },
  {
    by: "Spring Boot",
    status: [503],
    body: /"status"\s?:\s?"OUT_OF_SERVICE"/,
    cause: "says-ill",
    reason:
      "it was taken out of traffic on purpose: it is shutting down, or its readiness was set to refuse traffic",
    next: "See whether a deploy or shutdown is under way, and what sets the readiness state (its log, groups.readiness).",
  },
  {
    by: "PHP-FPM",
    body: /^\s*(File not found\.|No input file specified\.)\s*$/,
    cause: "not-found",
    reason: "it does not find the script that the web server names (SCRIPT_FILENAME)",
    next: "Compare `root` and fastcgi_param SCRIPT_FILENAME with where the files are for PHP-FPM: another container sees another path, or nothing was deployed.",
  },
  {
    by: "Apache",
    status: [403],
    body: /unable to read htaccess file/i,
    cause: "edge-fault",
    reason: "it may not read .htaccess or a folder above it (file permissions), and then refuses everybody",
    next: "Give its user the right to enter the folders and read the file; the error log names the path.",
  },
  {
    by: "Tomcat",
    status: [404],
    body: /Apache Tomcat\/[\s\S]{0,40}$|<h1>HTTP Status 404/,
    cause: "not-found",
    reason: "either the application is not deployed there (its start failed), or it has no such path",
    next: "To tell them apart read catalina.out (`Context [...] startup failed`) and ask for another path of the same application.",
  },
  {
    by: "Keycloak",
    status: [404],
    path: /\/health\b/,
    body: /Unable to find matching target resource method/i,
    cause: "not-found",
    reason:
      "either its health endpoints are switched off, or they are on its management port (9000, from version 25 on)",
    next: "To tell them apart ask the same at port 9000; set `health-enabled=true` if nothing answers there.",
  },
  {
    by: "Supabase",
    status: [540],
    cause: "maintenance",
    reason: "the project is paused",
    next: "Restore the project in Supabase's dashboard; projects of the free plan pause after a week without use.",
  },
];

/** A port that is another protocol's own. */
const OTHER_PROTOCOLS: readonly Sign[] = [
  {
    by: "MongoDB",
    body: /trying to access MongoDB over HTTP on the native driver port/i,
    cause: "bad-request",
    reason: "this is MongoDB's own port, which answers HTTP with this line and nothing else",
    next: "Make it a connection of kind mongodb, or correct the port of `url:`.",
  },
  {
    by: "Elasticsearch",
    body: /^\s*This is not an? HTTPS? port/i,
    cause: "bad-request",
    reason: "this is its transport port (9300), which speaks no HTTP",
    next: "Ask its HTTP port (9200): correct `url:`.",
  },
];

/** Says more than the status: asked before limits, refusals and the status itself. */
export const ERROR_SIGNS: readonly Sign[] = [
  ...ELASTIC,
  ...OBJECTS,
  ...HIDDEN,
  ...PROGRAMS,
  ...OTHER_PROTOCOLS,
];
/** Those that come with a good status. */
export const WRONG_PORTS = OTHER_PROTOCOLS;
