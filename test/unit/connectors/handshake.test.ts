import { expect, test } from "vitest";
import { causeOf } from "../../../src/connectors/cause.ts";
import { codeOf, reachError } from "../../../src/connectors/reach.ts";

test.each([
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", /too old/],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", /too old/],
  ["ERR_SSL_WRONG_VERSION_NUMBER", /no TLS on this port/],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", /wants a client certificate/],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", /refuses our client certificate/],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", /refuses our client certificate/],
  ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", /does not know this name/],
  ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", /no common TLS settings/],
  ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", /server fails/],
  ["ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", /renegotiation/],
  ["ERR_SSL_DH_KEY_TOO_SMALL", /too weak/],
  ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", /ALPN|no common protocol/],
  ["ERR_SSL_BAD_RECORD_TYPE", /handshake failed/],
  ["wants-tls", /TLS wanted/],
])("%s", (detail, word) => {
  const cause = causeOf({ code: "target_unreachable", message: "m", detail });
  expect(cause.id).toBe("tls");
  expect(cause.word).toMatch(word);
});

test("a certificate's own verdict is no failed handshake", () => {
  const detail = "ERR_TLS_CERT_ALTNAME_INVALID";
  expect(causeOf({ code: "target_unreachable", message: "m", detail }).id).toBe("certificate");
});

test("OpenSSL's own line is read, and never shown", () => {
  const line =
    "write EPROTO 805C82CDF57F0000:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps/openssl/ssl/record/rec_layer_s3.c:1590:SSL alert number 70\n";
  const thrown = Object.assign(new Error(line), { code: "EPROTO" });
  expect(codeOf(thrown)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  expect(reachError(thrown, "shop:443").message).toBe(
    "shop:443: there is no TLS version that both sides take",
  );
  const unheard = Object.assign(new Error(line.replace("tlsv1 alert protocol version", "some new thing")), {
    code: "EPROTO",
  });
  expect(reachError(unheard, "shop:443").message).not.toContain(".c:");
});

test("TLS records where HTTP was expected", () => {
  const rawPacket = Buffer.from([0x15, 3, 1, 0, 2]);
  const thrown = Object.assign(new Error("Parse Error"), { code: "HPE_INVALID_CONSTANT", rawPacket });
  expect(reachError(thrown, "shop:443").detail).toBe("wants-tls");
  const other = Object.assign(new Error("Parse Error"), {
    code: "HPE_INVALID_CONSTANT",
    rawPacket: Buffer.from("SSH-2.0"),
  });
  expect(reachError(other, "shop:443").detail).toBe("HPE_INVALID_CONSTANT");
});
