import { expect, test } from "vitest";
import { answerTrouble } from "../../../../src/connectors/http/answer/say.ts";
import { type AnswerCase, answerOf, expectAnswer, page } from "../../../helpers/answers.ts";

const text = { headers: { "content-type": "text/plain" } };

// A good status, below which a header or the port's own protocol says something else; and answers of caches.
const cases: readonly AnswerCase[] = [
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
  [
    "Kibana that is well",
    200,
    { status: { overall: { level: "available", summary: "All services are available" } } },
    {},
  ],
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
