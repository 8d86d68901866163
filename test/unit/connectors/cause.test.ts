import { expect, test } from "vitest";
import { causeOf } from "../../../src/connectors/cause.ts";

test.each([
  ["target_unreachable", "ECONNREFUSED", "refused"],
  ["target_unreachable", "ENOTFOUND", "dns-missing"],
  ["target_unreachable", "EAI_AGAIN", "dns-failing"],
  ["target_unreachable", "NO_RESOLVER", "dns-failing"],
  ["timeout", "dns", "dns-failing"],
  ["timeout", "tcp", "filtered"],
  ["timeout", "tls", "hung"],
  ["timeout", "startup", "hung"],
  ["timeout", undefined, "hung"],
  ["target_unreachable", "ECONNRESET", "reset"],
  ["target_unreachable", "TLS_CUT", "reset"],
  ["target_unreachable", "DNS_UNSURE", "dns-failing"],
  ["target_unreachable", "DNS_BLOCKED", "dns-failing"],
  ["target_unreachable", "EFORMERR", "dns-failing"],
  ["target_unreachable", "EHOSTUNREACH", "no-route"],
  ["target_unreachable", "CERT_HAS_EXPIRED", "certificate"],
  ["target_unreachable", "ERR_TLS_CERT_ALTNAME_INVALID", "certificate"],
  ["target_unreachable", "ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
  ["target_error", "HPE_INVALID_CONSTANT", "protocol"],
  ["target_auth", "28P01", "auth"],
  ["target_error", "503", "other"],
] as const)("%s %s: %s", (code, detail, id) => {
  const cause = causeOf({ code, message: "m", ...(detail === undefined ? {} : { detail }) });
  expect(cause.id).toBe(id);
  expect(cause.because.length).toBeGreaterThan(10);
});

test.each([
  ["tls", "waits for more"],
  ["TLS_CUT", "hangs up so"],
  ["NO_RESOLVER", "TCP port 53"],
  ["DNS_UNSURE", "Either the name does not exist"],
  ["EBADRESP", "no name server at all"],
])("%s: of several causes none is chosen for the person", (detail, either) => {
  const { because, next } = causeOf({ code: "target_unreachable", message: "m", detail });
  expect(because).toContain(either);
  expect(next).toMatch(/[Tt]o tell them apart|Tell them apart|if that works|ask again/);
});
