import { expect, it } from "vitest";
import { otherwise } from "../../../runbooks/network/other-addresses.ts";
import type { network } from "../../../src/sdk/index.ts";

const FACE = { name: "shop", kind: "http", endpoint: { host: "shop.lab", port: 443, tls: true } } as const;
const ONE = {
  ...{ address: "2001:db8::7", family: 6, code: null, verdict: null, isSame: false },
  validTo: "2026-09-01T00:00:00.000Z",
} as const;

it.each([
  ["the same certificate", { isSame: true }, false],
  ["another that is valid", {}, false],
  ["one that expired", { verdict: "CERT_HAS_EXPIRED" }, true],
  ["nobody listens", { code: "ECONNREFUSED", validTo: null }, true],
  ["a machine of ours without IPv6", { code: "ENETUNREACH", validTo: null }, false],
  ["no answer, which may be our own path", { code: "tcp", validTo: null }, false],
  ["localhost, of which one family is served", { address: "::1", code: "ECONNREFUSED" }, false],
] as const)("at the other address: %s", (_what, more, isFound) => {
  const certificate = { elsewhere: [{ ...ONE, ...more }] } as unknown as network.Certificate;
  expect(otherwise(FACE, certificate) !== false).toBe(isFound);
});
