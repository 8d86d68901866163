import { expect, test } from "vitest";
import { retryAfterSeconds } from "../../../../src/connectors/http/retry-after.ts";

const now = new Date("2026-01-01T00:00:00Z");
test.each([
  ["120", 120],
  ["Thu, 01 Jan 2026 00:01:30 GMT", 90],
  ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ["soon", undefined],
  ["-5x", undefined],
  [undefined, undefined],
] as const)("Retry-After: %s", (header, seconds) => {
  expect(retryAfterSeconds(header, now)).toBe(seconds);
});
