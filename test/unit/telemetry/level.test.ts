import { expect, test } from "vitest";
import { DiagError, ERRORS, type ErrorCode } from "../../../src/core/words/errors.ts";
import { levelOf } from "../../../src/telemetry/level.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];

test.each(CODES.filter((code) => ERRORS[code].kind === "unavailable"))(
  "%s passes by itself: a warning",
  (code) => expect(levelOf(new DiagError(code, "away"))).toBe("warn"),
);

test("a bug is an error, also as a foreign one", () => {
  expect(levelOf(new DiagError("bug", "an assumption does not hold"))).toBe("error");
  expect(levelOf(new TypeError("x is not a function"))).toBe("error");
  expect(levelOf("thrown by somebody")).toBe("error");
});

test("a foreign error is what it means where it was met", () =>
  expect(levelOf(new Error("fetch failed"), "target_unreachable")).toBe("warn"));

test("a lease that was given up is no error", () =>
  expect(levelOf(new DiagError("aborted", "the lease is over"))).toBe("warn"));
