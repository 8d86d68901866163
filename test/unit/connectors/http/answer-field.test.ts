import { expect, test } from "vitest";
import { answerTrouble, goodAnswer } from "../../../../src/connectors/http/answer/say.ts";
import { type AnswerCase, answerOf, expectAnswer, page } from "../../../helpers/answers.ts";

const NEXTCLOUD = { installed: true, maintenance: false, needsDbUpgrade: false, versionstring: "28.0.1" };
const text = { headers: { "content-type": "text/plain" } };
const xml = { headers: { "content-type": "application/xml" } };

test.each([
  ["Nextcloud without extended support", { ...NEXTCLOUD, edition: "", extendedSupport: false }],
  ["a replica that is well", { status: "ok", db: { status: "ok", readOnly: true } }],
  ["YAML that is well", "status: ok\nversion: 1.2\n"],
  ["names and words in a row", "db=ok redis=ok"],
  ["XML that is well", "<health><status>OK</status><enabled>false</enabled></health>"],
  ["an error of long ago in JSON", { status: "ok", last_error: "SQLSTATE[HY000] [2002]" }],
  ["figures of PHP-FPM", "pool:                 www\nprocess state: Idle\nmax children reached: 3\n"],
  ["a setting in text", "service: shop\ndebug: false\ndefault_timeout: error\n"],
] as const)("fine: %s", (_name, body) => {
  expect(answerTrouble(answerOf(200, body, { path: "/health" }))).toBeUndefined();
});

test("a word of its own that nobody knows is shown", () => {
  expect(goodAnswer(answerOf(200, { state: "FIRST_RUN" }))).toBe("200, FIRST_RUN");
});

const CLOUDFLARE = { server: "cloudflare", "cf-ray": "8a-FRA" };
const HEROKU = '<iframe src="//www.herokucdn.com/error-pages/application-error.html"></iframe>';
const ELB = { server: "awselb/2.0" };
const AKAMAI = "You don't have permission to access it.<P>Reference&#32;&#35;18&#46;5e";

const field: readonly AnswerCase[] = [
  // The service's own words in other forms than JSON.
  ["YAML", 200, "status: down\ndb: timeout\n", text, "says-ill", /"down"|db \(timeout\)/],
  ["names and words in a row", 200, "db=ok redis=down", text, "says-ill", /redis \(down\)/, /db \(ok\)/],
  ["XML", 200, '<?xml version="1.0"?><health><status>DOWN</status></health>', xml, "says-ill", /DOWN/],
  [
    "a `false` that is a dependency beside a name",
    200,
    { edition: "community", redis: false, extendedSupport: false },
    {},
    "says-ill",
    /redis \(false\)/,
    /extendedSupport/,
  ],
  [
    "maintenance in a list of errors",
    503,
    {
      errors: [
        { message: "Site is currently undergoing maintenance, please wait.", type: "MaintenanceError" },
      ],
    },
    {},
    "maintenance",
    /on purpose/,
  ],
  [
    "a PHP error with 200",
    200,
    "<br />\n<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /app.php:3",
    { headers: { "content-type": "text/html" } },
    "server-error",
    /an error of the program stands where the answer should: Fatal error.*Connection refused/s,
  ],
  [
    "words of an error page",
    500,
    page("Database Error", "<h1>Error establishing a database connection</h1>"),
    {},
    "server-error",
    /says "Error establishing a database connection"/,
  ],
  [
    "a text that tells",
    503,
    "default.hits: Absolute delay: 4000.",
    text,
    "gateway",
    /says "default\.hits: Absolute delay/,
    /without a word/,
  ],
  ["a text that does not", 503, "Service Unavailable", text, "gateway", /without a word on why/],
  [
    "on its way up",
    503,
    page("Jenkins", "<h1>Please wait while Jenkins is getting ready to work</h1>"),
    {},
    "starting",
    /on its way up/,
    /undefined/,
  ],
  [
    "a login page with 403",
    403,
    page("Sign In", '<form action="/oauth2/start">'),
    {},
    "login",
    /login stands before/,
    /lack the right/,
  ],
  [
    "unavailable for a time, which nobody chose",
    503,
    page("503 Service Temporarily Unavailable", "<h1>Service Temporarily Unavailable</h1>"),
    {},
    "gateway",
    /Either a proxy/,
    /on purpose/,
  ],
  [
    "an unexpected error of anybody",
    500,
    { message: "An unexpected error occurred" },
    {},
    "server-error",
    /reached a service/,
    /Kong/,
  ],
  [
    "a 404 of the service behind Azure Front Door",
    404,
    page("Shop", "Page not found"),
    { headers: { "x-azure-ref": "a" } },
    "not-found",
    /something answers/,
    /Azure/,
  ],
  // Who answers in its place.
  ["Heroku", 503, page("Application Error", HEROKU), {}, "behind", /Heroku/, /Azure/],
  [
    "Cloudflare's own 500",
    500,
    "<center><h1>500 Internal Server Error</h1></center><hr><center>cloudflare</center>",
    { headers: CLOUDFLARE },
    "edge-fault",
    /Cloudflare/,
    /reached a service/,
  ],
  [
    "a tunnel of Cloudflare without its service",
    502,
    page("502 Bad Gateway", "Unable to reach the origin service. The service may be down"),
    { headers: CLOUDFLARE },
    "behind",
    /Cloudflare/,
  ],
  [
    "Akamai, as it writes the number sign",
    403,
    page("Access Denied", AKAMAI),
    { headers: { server: "AkamaiGHost" } },
    "blocked",
    /Akamai/,
    /scope|Renew/,
  ],
  [
    "Akamai, origin too slow",
    504,
    page("Gateway Timeout", AKAMAI),
    { headers: { server: "AkamaiGHost" } },
    "behind",
    /Akamai/,
  ],
  [
    "Fastly, a circle",
    503,
    page("503 Loop detected"),
    { headers: { "x-served-by": "cache-fra-1" } },
    "edge-fault",
    /leads back to Fastly/,
  ],
  [
    "Vercel's challenge",
    429,
    page("Vercel Security Checkpoint"),
    { headers: { "x-vercel-mitigated": "challenge" } },
    "blocked",
    /browser challenge/,
    /Lower the client/,
  ],
  [
    "Cloud Run without a free instance",
    429,
    "Rate exceeded.",
    { headers: { server: "Google Frontend" } },
    "overloaded",
    /no instance/,
  ],
  ["Google without such a host", 404, page("Error 404 (Not Found)!!1"), {}, "no-route", /host name/],
  [
    "Azure Front Door, origin",
    503,
    page("", "The service is unavailable."),
    { headers: { "x-azure-externalerror": "0x80072ee7,OriginDNS" } },
    "behind",
    /Azure Front Door/,
  ],
  [
    "API Gateway (HTTP)",
    500,
    { message: "Internal Server Error" },
    { headers: { "apigw-requestid": "a=" } },
    "behind",
    /integration failed/,
  ],
  [
    "a fixed answer of the load balancer",
    503,
    page("Maintenance", "We are down for maintenance"),
    { headers: ELB },
    "maintenance",
    /fixed response/,
    /no registered target/,
  ],
  [
    "no target of the load balancer",
    503,
    "<center><h1>503 Service Temporarily Unavailable</h1></center>",
    { headers: ELB },
    "behind",
    /no registered target/,
  ],
  [
    "a filter of our own network",
    403,
    page("Internet Security by Zscaler"),
    { headers: { server: "Zscaler/6.2" } },
    "blocked",
    /web filter on the way/,
    /credentials lack/,
  ],
  [
    "a filter that says 503",
    503,
    page("Web Page Blocked", "has been blocked in accordance with company policy"),
    {},
    "blocked",
    /Palo Alto/,
  ],
];

for (const one of field) test(one[0], () => expectAnswer(...one));
