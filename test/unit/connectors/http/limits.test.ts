import { expect, test } from "vitest";
import { limitIn, secondsUntil, waitOf } from "../../../../src/connectors/http/answer/limits.ts";

const now = new Date("2026-01-01T00:00:00Z");
const unix = now.getTime() / 1000;

test.each([
  ["120", 120],
  ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
  ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ["2026-01-01T00:00:20Z", 20],
  [String(unix + 60), 60],
  [String((unix + 60) * 1000), 60],
  ["6m0s", 360],
  ["1h2m", 3720],
  ["850ms", 1],
  ["1.5", 2],
  ["soon", undefined],
  ["-5x", undefined],
  ["", undefined],
  [undefined, undefined],
] as const)("a wait written as %s", (header, seconds) => {
  expect(secondsUntil(header, now, 1)).toBe(seconds);
});

test.each([
  [{ "retry-after-ms": "1500", "retry-after": "9" }, 2],
  [{ "x-ratelimit-reset": String(unix + 30) }, 30],
  [{ "x-rate-limit-reset": "40" }, 40],
  [{ ratelimit: "limit=100, remaining=0, reset=50" }, 50],
  [{ ratelimit: '"default";r=0;t=25' }, 25],
  // Of several limits the one that is used up.
  [
    {
      "x-ratelimit-reset-requests": "10s",
      "x-ratelimit-remaining-requests": "7",
      "x-ratelimit-reset-tokens": "6m0s",
      "x-ratelimit-remaining-tokens": "0",
    },
    360,
  ],
  [{ "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:12Z" }, 12],
  [{ "x-request-id": "1" }, undefined],
] as const)("headers %j", (headers, seconds) => {
  expect(waitOf(headers as Record<string, string>, now)).toBe(seconds);
});

const cause = (status: number, body: string, headers: Record<string, string> = {}) =>
  limitIn(
    { path: "/x", origin: "https://api.lab", status, headers, body, isCut: false, sentCredentials: true },
    now,
  )?.cause;

test.each([
  [429, '{"error":"slow down"}', {}, "limited"],
  [403, '{"message":"You have exceeded a secondary rate limit."}', { "retry-after": "60" }, "limited"],
  [403, "{}", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" }, "limited"],
  [403, "{}", { "retry-after": "60" }, "limited"],
  [400, '{"__type":"ThrottlingException","message":"Rate exceeded"}', {}, "limited"],
  [503, "<Error><Code>SlowDown</Code></Error>", {}, "limited"],
  [403, '[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]', {}, "limited"],
  [403, '{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}', {}, "limited"],
  [429, '{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}', {}, "quota"],
  [402, "{}", {}, "quota"],
  [403, '{"error":{"errors":[{"reason":"dailyLimitExceeded"}]}}', {}, "quota"],
  [400, '{"error":{"message":"Your credit balance is too low"}}', {}, "quota"],
  [529, '{"error":{"type":"overloaded_error"}}', {}, "overloaded"],
  [503, '{"error":{"message":"The model is overloaded"}}', {}, "overloaded"],
  // Decoys: a right that is missing, and failures without a word of a limit.
  [
    403,
    '{"message":"Resource not accessible by integration"}',
    { "x-ratelimit-remaining": "4999" },
    undefined,
  ],
  [503, '{"status":"DOWN"}', { "retry-after": "5" }, undefined],
  [404, "rate limit", {}, undefined],
  [200, "rate limit", {}, undefined],
] as const)("%i %s %j is %s", (status, body, headers, expected) => {
  expect(cause(status, body, headers)).toBe(expected);
});
