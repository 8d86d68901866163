import { expect, it } from "vitest";
import { slackErrorOf, slackFailure } from "../../../../src/ingress/slack/api.ts";

const thrown = (code: string, more: object = {}) =>
  Object.assign(new Error(`An error: ${code}`), { code, ...more });

it.each([
  [thrown("slack_webapi_platform_error", { data: { error: "channel_not_found" } }), "channel_not_found"],
  [thrown("slack_webapi_rate_limited_error", { retryAfter: 30 }), "too many requests, wait 30 s"],
  [thrown("slack_webapi_http_error", { statusCode: 503 }), "HTTP 503"],
  [
    thrown("slack_webapi_request_error", {
      original: Object.assign(new Error("x"), { code: "ECONNREFUSED" }),
    }),
    "no answer (ECONNREFUSED)",
  ],
  [
    thrown("slack_webapi_request_error", {
      original: new TypeError("fetch failed", { cause: { code: "ENOTFOUND" } }),
    }),
    "no answer (ENOTFOUND)",
  ],
  [
    thrown("slack_webapi_request_error", { original: new DOMException("x", "TimeoutError") }),
    "no answer (in time)",
  ],
  [thrown("slack_webapi_request_error"), "no answer (unreachable)"],
  ["odd", "failed"],
])("%s is said without the library's words: %s", (error, word) => {
  expect(slackErrorOf(error)).toBe(word);
  const { message, hint } = slackFailure("the form could not be opened", error);
  expect(`${message} ${hint}`).not.toMatch(/slack_webapi|_/);
});
