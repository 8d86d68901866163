import { describe, expect, it } from "vitest";
import { all, failure } from "./cases.ts";

describe("TLS", () => {
  all([
    [
      "SELF_SIGNED_CERT_IN_CHAIN",
      "self-signed certificate in certificate chain",
      {},
      "tls",
      /authority .* not known/,
    ],
    [
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "unable to get local issuer certificate",
      {},
      "tls",
      /authority .* not known/,
    ],
    [
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
      "unable to verify the first certificate",
      {},
      "tls",
      /authority .* not known/,
    ],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", {}, "tls", /self-signed/],
    ["CERT_HAS_EXPIRED", "certificate has expired", {}, "tls", /expired/],
    [
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "Hostname/IP does not match certificate's altnames",
      {},
      "tls",
      /another name/,
    ],
    [
      "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      "alert certificate required",
      {},
      "tls",
      /certificate of the client/,
    ],
    [
      "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      "tlsv1 alert protocol version",
      {},
      "tls",
      /versions or ciphers/,
    ],
    ["no-tls", "The server does not support SSL connections", {}, "tls", /offers no TLS/],
    [
      "ENOENT",
      "ENOENT: no such file or directory, open '/etc/ca.pem'",
      {},
      "tls-file",
      /cannot be read here/,
    ],
    ["ENOENT", "connect ENOENT /var/run/postgresql/.s.PGSQL.5432", {}, "refused", /refuses/],
  ]);

  it.each(["SELF_SIGNED_CERT_IN_CHAIN", "DEPTH_ZERO_SELF_SIGNED_CERT", "CERT_HAS_EXPIRED"])(
    "%s: the check is not to be switched off",
    (code) => expect(failure(code, "m")?.advice).toContain("Do not switch the check off"),
  );
});

it("says DETAIL and HINT of the server with the cause", () => {
  const said = { routine: "LockAcquireExtended", hint: "raise it", detail: "so full" };
  expect(failure("53200", "out of shared memory", said)?.because).toMatch(/DETAIL: so full HINT: raise it$/);
});

it.each(["42501", "42P01", "55P03", "57014", "22012"])("%s says nothing about the server", (code) =>
  expect(failure(code, "m", { routine: "aclcheck_error" })).toBeUndefined(),
);
