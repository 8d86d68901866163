import { describe, expect, it } from "vitest";
import { all, failure } from "./cases.ts";

describe("a refused login", () => {
  all([
    [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.7", user "app", database "shop", no encryption',
      { routine: "ClientAuthentication", tls: "no" },
      "hba",
      /without TLS/,
    ],
    [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.7", user "app", database "shop", SSL off',
      {},
      "hba",
      /without TLS/,
    ],
    [
      "28000",
      'no pg_hba.conf entry for host "10.0.0.7", user "app", database "shop", SSL encryption',
      { routine: "ClientAuthentication", tls: "yes" },
      "hba",
      /no entry/,
    ],
    [
      "28000",
      'pg_hba.conf rejects connection for host "10.0.0.7", user "app", database "shop", no encryption',
      { routine: "ClientAuthentication", tls: "no" },
      "hba",
      /a line refuses it/,
    ],
    [
      "28000",
      "connection requires a valid client certificate",
      { routine: "ClientAuthentication" },
      "hba",
      /certificate of the client/,
    ],
    [
      "28P01",
      'password authentication failed for user "app"',
      { routine: "auth_failed" },
      "auth",
      /credentials/,
    ],
    [
      "28000",
      'role "app" does not exist',
      { routine: "InitializeSessionUserId" },
      "auth",
      /does not exist on this server/,
    ],
    [
      "28000",
      'role "app" is not permitted to log in',
      { routine: "InitializeSessionUserId" },
      "auth",
      /NOLOGIN/,
    ],
    [
      "28000",
      'PAM authentication failed for user "app"',
      { routine: "auth_failed" },
      "auth",
      /outside service/,
    ],
    [
      "28000",
      'Peer authentication failed for user "app"',
      { routine: "auth_failed" },
      "auth",
      /outside service/,
    ],
  ]);

  it("never advises an entry of pg_hba.conf where TLS is what lacks, nor to stop verifying", () => {
    const { advice = "" } =
      failure("28000", 'no pg_hba.conf entry for host "h", user "u", database "d", no encryption') ?? {};
    expect(advice).toMatch(/sslmode=verify-full.*sslrootcert/);
    expect(advice).not.toMatch(/no-verify|sslmode=require|`host` line/);
  });
});
