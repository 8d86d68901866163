import { expect, test } from "vitest";
import { answerTrouble } from "../../../../src/connectors/http/answer/say.ts";
import { type AnswerCase, answerOf, expectAnswer, page } from "../../../helpers/answers.ts";

const elastic = (type: string, reason: string | null, status: number) => ({
  error: { root_cause: [{ type, reason }], type, reason },
  status,
});
const text = { headers: { "content-type": "text/plain" } };
const s3 = (code: string, more = {}) =>
  [
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>The bucket is elsewhere.</Message></Error>`,
    { headers: { "content-type": "application/xml", server: "AmazonS3", ...more } },
  ] as const;
const kibana = (level: string, summary: string, elasticsearch: string) => ({
  name: "kb",
  status: { overall: { level, summary }, core: { elasticsearch: { level: elasticsearch, summary } } },
});
const [elsewhere, inIreland] = s3("PermanentRedirect", { "x-amz-bucket-region": "eu-west-1" });
const [noBucket, atS3] = s3("NoSuchBucket");

// What was reported in public of each product; a code that means something else elsewhere.
const cases: readonly AnswerCase[] = [
  [
    "a heap that is full",
    429,
    elastic("circuit_breaking_exception", "[parent] Data too large", 429),
    {},
    "overloaded",
    /heap has no room/,
    /jittered|says "429"/,
  ],
  [
    "a disk beyond the flood stage",
    429,
    elastic(
      "cluster_block_exception",
      "index [logs] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
      429,
    ),
    {},
    "says-ill",
    /disk of its nodes.*take no writes.*_cat\/allocation/s,
    /jittered|says "429"/,
  ],
  [
    "a queue that is full",
    429,
    elastic("es_rejected_execution_exception", "rejected execution", 429),
    {},
    "overloaded",
    /queue for such requests/,
    /jittered/,
  ],
  [
    "no master",
    503,
    elastic("master_not_discovered_exception", null, 503),
    {},
    "says-ill",
    /elected no master/,
    /says "503"/,
  ],
  [
    "decoy: a 429 with an error in JSON that is a limit",
    429,
    { error: { type: "rate_limit_error", message: "Number of requests has exceeded your limit" } },
    {},
    "limited",
    /too many requests/,
  ],
  ["a bucket elsewhere", 301, elsewhere, inIreland, "moved", /another region.*\(eu-west-1\)/s, /nowhere/],
  ["no such bucket", 404, noBucket, atS3, "not-found", /no bucket of this name/, /path is wrong/],
  [
    "a 404 that hides a right",
    404,
    { message: "Not Found", status: "404" },
    { headers: { "x-github-request-id": "AB:1" }, path: "/repos/acme/shop" },
    "not-found",
    /either it is not there, or these credentials may not see it/,
    /path is wrong or moved/,
  ],
  [
    "GitLab's allow list",
    404,
    page("The page could not be found"),
    { path: "/-/readiness" },
    "not-found",
    /either no GitLab .* allow list.*To tell them apart/s,
  ],
  [
    "decoy: another path of GitLab",
    404,
    page("The page could not be found"),
    { path: "/api/v4/x" },
    "not-found",
    /path is wrong or moved/,
    /allow list/,
  ],
  [
    "health of Keycloak",
    404,
    { error: "Unable to find matching target resource method" },
    { path: "/health/ready" },
    "not-found",
    /management port \(9000/,
  ],
  ["a paused project", 540, { message: "Project paused" }, {}, "maintenance", /project is paused.*Restore/s],
  [
    "a paused deployment",
    503,
    "This deployment is temporarily paused\n\nDEPLOYMENT_PAUSED",
    { headers: { "x-vercel-error": "DEPLOYMENT_PAUSED" } },
    "maintenance",
    /paused, by its owner or by the spend limit/,
    /tell them apart/,
  ],
  [
    "a script that is not there",
    404,
    "File not found.\n",
    text,
    "not-found",
    /SCRIPT_FILENAME/,
    /path is wrong or moved/,
  ],
  [
    "a .htaccess nobody may read",
    403,
    page(
      "403 Forbidden",
      "You don't have permission to access this resource.Server unable to read htaccess file, denying access to be safe",
    ),
    {},
    "edge-fault",
    /file permissions/,
    /credentials/,
  ],
  [
    "an application that was not deployed",
    404,
    page("HTTP Status 404 – Not Found", "<h1>HTTP Status 404 – Not Found</h1><h3>Apache Tomcat/9.0.80</h3>"),
    {},
    "not-found",
    /either the application is not deployed.*startup failed/s,
  ],
  [
    "traffic refused on purpose",
    503,
    { status: "OUT_OF_SERVICE" },
    {},
    "says-ill",
    /"OUT_OF_SERVICE" \(it was taken out/,
  ],
  [
    "Prometheus replays its log",
    503,
    "Service Unavailable",
    { headers: { "x-prometheus-stopping": "false" } },
    "starting",
    /write-ahead log/,
  ],
  [
    "Prometheus shuts down",
    503,
    "Service Unavailable",
    { headers: { "x-prometheus-stopping": "true" } },
    "says-ill",
    /shutting down/,
  ],
  [
    "Loki that waits",
    503,
    "Ingester not ready: waiting for 15s after being ready",
    text,
    "starting",
    /waiting for 15s/,
  ],
  [
    "Mimir that starts",
    503,
    "Some services are not Running:\nStarting: 2\nRunning: 5\n",
    text,
    "starting",
    /on its way/,
  ],
  [
    "decoy: Loki that lost a service",
    503,
    "Some services are not Running:\nFailed: 1\nRunning: 9\n",
    text,
    "says-ill",
    /not Running/,
  ],
  [
    "Kibana without its Elasticsearch",
    503,
    kibana("unavailable", "2 services are unavailable: elasticsearch", "unavailable"),
    {},
    "says-ill",
    /elasticsearch \(unavailable\)/,
    /Either a proxy/,
  ],
  [
    "Kibana that is degraded",
    200,
    kibana("degraded", "reporting is degraded", "available"),
    {},
    "says-degraded",
    /reporting is degraded/,
  ],
  [
    "causes in a list",
    200,
    { health: "RED", causes: [{ message: "Search engine status is RED" }] },
    {},
    "says-ill",
    /Search engine status is RED/,
  ],
  [
    "problems with a sentence",
    500,
    { problems: [{ id: "a", message: "Workers have not checked in" }] },
    {},
    "says-ill",
    /Workers have not checked in/,
  ],
  [
    "a sentence in JSON without a state",
    503,
    { code: 503, message: "Database is not ready!" },
    {},
    "gateway",
    /says "Database is not ready!"/,
    /without a word/,
  ],
  [
    "a 403 that says who",
    403,
    {
      kind: "Status",
      status: "Failure",
      message: 'forbidden: User "system:anonymous" cannot get path "/healthz"',
    },
    {},
    "forbidden",
    /system:anonymous/,
  ],
  [
    "decoy: a 403 that repeats its status",
    403,
    { error: "Forbidden", message: "Access denied." },
    {},
    "forbidden",
    /Either the credentials/,
  ],
  [
    "a no with 200: credentials",
    200,
    { ok: false, error: "invalid_auth" },
    {},
    "credentials",
    /does not know these credentials/,
  ],
  [
    "decoy: a part whose credentials are refused",
    200,
    { status: "down", error: "database: invalid credentials" },
    {},
    "says-ill",
    /database: invalid credentials/,
  ],
  [
    "gRPC below a 200",
    200,
    "",
    { headers: { "grpc-status": "14", "grpc-message": "no%20healthy%20upstream" } },
    "gateway",
    /UNAVAILABLE \(14\): "no healthy upstream"/,
  ],
  ["gRPC that knows us not", 200, "", { headers: { "grpc-status": "16" } }, "credentials", /UNAUTHENTICATED/],
  [
    "a challenge with 202",
    202,
    "",
    { headers: { "x-amzn-waf-action": "challenge" } },
    "blocked",
    /challenge or CAPTCHA/,
  ],
  [
    "the port of another protocol",
    200,
    "It looks like you are trying to access MongoDB over HTTP on the native driver port.\n",
    text,
    "bad-request",
    /MongoDB's own port/,
  ],
  [
    "a copy of three hours ago",
    200,
    { status: "ok" },
    { headers: { age: "10800", "x-cache": "HIT" } },
    "copy",
    /says "ok": it is 3 h old.*is not known/s,
  ],
  [
    "a copy that is stale in its own word",
    200,
    { status: "UP" },
    { headers: { age: "20", warning: '110 - "Response is Stale"' } },
    "copy",
    /stale, 20 s old/,
  ],
  ["the edge's stale copy", 200, "OK", { headers: { "cf-cache-status": "STALE" } }, "copy", /of unknown age/],
  [
    "decoy: a copy of an answer that is ill",
    200,
    { status: "down" },
    { headers: { age: "10800" } },
    "says-ill",
    /"down"/,
  ],
];
test.each(cases.map((one) => ({ one, name: one[0] })))("$name", ({ one }) => expectAnswer(...one));

type Fine = readonly [name: string, status: number, body: unknown, given: Parameters<typeof answerOf>[2]];
const fine: readonly Fine[] = [
  ["a copy of three seconds ago", 200, { status: "ok" }, { headers: { age: "3", "x-cache": "HIT" } }],
  ["a page that lives in a cache", 200, page("Shop"), { path: "/", headers: { age: "259200" } }],
  ["gRPC's OK", 200, "", { headers: { "grpc-status": "0" } }],
  ["Kibana that is well", 200, kibana("available", "All services are available", "available"), {}],
  [
    "a registry that asks for a token",
    401,
    { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] },
    { sent: false, headers: { "docker-distribution-api-version": "registry/2.0" } },
  ],
];
test.each<Fine>(fine)("fine: %s", (_name, status, body, given) => {
  expect(answerTrouble(answerOf(status, body, given))).toBeUndefined();
});

test("a registry that refuses the token it was given", () => {
  const headers = { "docker-distribution-api-version": "registry/2.0" };
  expect(answerOf(401, { errors: [{ code: "UNAUTHORIZED" }] }, { headers }).cause).toBe("credentials");
});
