import { test } from "vitest";
import { type AnswerCase, expectAnswer, page } from "../../../helpers/answers.ts";

const refused: readonly AnswerCase[] = [
  // Limits and refusals.
  [
    "GitHub",
    403,
    { message: "You have exceeded a secondary rate limit." },
    { headers: { "retry-after": "60", "x-ratelimit-remaining": "14" } },
    "limited",
    /retry after 60 s \(12:01 UTC\)/,
    /revoked|scope|Renew/,
  ],
  [
    "429 in words of its own",
    429,
    { error: "Too many connected users" },
    {},
    "limited",
    /does not say how long/,
  ],
  ["429 without a word", 429, {}, {}, "limited", /does not say how long/],
  [
    "OpenAI quota",
    429,
    { error: { code: "insufficient_quota" } },
    {},
    "quota",
    /waiting or sending less does not help/,
  ],
  ["payment", 402, {}, {}, "quota", /quota or credit/],
  ["Anthropic", 529, { type: "error", error: { type: "overloaded_error" } }, {}, "overloaded", /no room/],
  [
    "401 without credentials",
    401,
    {},
    { headers: { "www-authenticate": 'Basic realm="x"' }, sent: false },
    "credentials",
    /gives none/,
  ],
  ["401 with them", 401, {}, { sent: true }, "credentials", /Renew the credentials/],
  [
    "an expired token",
    401,
    {},
    {
      headers: {
        "www-authenticate": 'Bearer error="invalid_token", error_description="The access token expired"',
      },
    },
    "credentials",
    /has expired/,
  ],
  ["a clock", 403, "<Error><Code>RequestTimeTooSkewed</Code></Error>", {}, "credentials", /clock/],
  [
    "a scope",
    403,
    {},
    { headers: { "www-authenticate": 'Bearer error="insufficient_scope"' } },
    "forbidden",
    /lack a right/,
  ],
  ["an address", 403, { error: "Your IP address is not allowed" }, {}, "blocked", /address is not allowed/],
  ["a 403 without a word", 403, {}, {}, "forbidden", /Either the credentials.*or a rule/s],
  ["407", 407, "", { headers: { "proxy-authenticate": "Basic" } }, "proxy-credentials", /proxy on the way/],
  [
    "Rails' hosts",
    403,
    page("Blocked hosts: shop.lab", "Blocked hosts: shop.lab"),
    {},
    "no-route",
    /host name/,
  ],
  ["421", 421, "", {}, "no-route", /SNI/],
  ["431", 431, "", {}, "bad-request", /headers are too large/],
  ["404", 404, { error: "Not Found" }, {}, "not-found", /^404 for \/health/],
  ["405", 405, "", {}, "not-found", /does not take GET/],
  // Redirects.
  ["login", 302, "", { redirect: "https://sso.lab/login" }, "login", /redirects to a login/],
  ["https", 301, "", { redirect: "https://shop.lab/health" }, "to-https", /wants https/],
  ["elsewhere", 308, "", { redirect: "https://www.other.lab/health" }, "moved", /redirects elsewhere/],
  ["circle", 302, "", { redirect: "http://shop.lab/health" }, "circle", /in a circle/],
];
for (const one of refused) test(one[0], () => expectAnswer(...one));
