import { describe, expect, it } from "vitest";
import { failureOf } from "../../../../src/connectors/postgres/failures/index.ts";

const failure = (detail: string, message: string, said: Record<string, string> = {}) =>
  failureOf({ code: "target_error", message: `Postgres: ${message}`, detail, said });

type Case = readonly [
  code: string,
  message: string,
  said: Readonly<Record<string, string>>,
  id: string,
  title: RegExp,
];

const all = (cases: readonly Case[]) =>
  it.each(cases)("%s %s %o", (code, message, said, id, title) => {
    const found = failure(code, message, said);
    expect(found?.id).toBe(id);
    expect(found?.title).toMatch(title);
    expect(found?.because).toContain(message);
  });

describe("one SQLSTATE, several causes: the server's words beside it decide", () => {
  all([
    [
      "53100",
      'could not resize shared memory segment "/PostgreSQL.1804289383" to 16777216 bytes: No space left on device',
      { routine: "dsm_impl_posix_resize" },
      "shm-full",
      /dev.shm/,
    ],
    [
      "53200",
      'could not resize shared memory segment "/PostgreSQL.18" to 8 bytes: Cannot allocate memory',
      { routine: "dsm_impl_posix" },
      "shm-full",
      /dev.shm/,
    ],
    [
      "53100",
      'could not extend file "base/5/16402": No space left on device',
      { routine: "mdextend", hint: "Check free disk space." },
      "disk-full",
      /disk is full/,
    ],
    [
      "53100",
      'could not write to file "base/pgsql_tmp/pgsql_tmp1.2": No space left on device',
      { routine: "FileWriteV" },
      "disk-full",
      /temporary files/,
    ],
    [
      "53100",
      'could not write to file "pg_wal/xlogtemp.31": No space left on device',
      { routine: "XLogFileInitInternal" },
      "disk-full",
      /WAL/,
    ],
    [
      "XX000",
      'could not write to file "base/5/1": Disk quota exceeded',
      { routine: "mdwritev" },
      "disk-full",
      /quota/,
    ],
    [
      "53400",
      "temporary file size exceeds temp_file_limit (1024kB)",
      { routine: "FileWriteV" },
      "temp-limit",
      /temp_file_limit/,
    ],
    [
      "53200",
      "out of shared memory",
      { routine: "LockAcquireExtended", hint: 'You might need to increase "max_locks_per_transaction".' },
      "lock-table-full",
      /lock table/,
    ],
    [
      "53200",
      "out of shared memory",
      {
        routine: "CreatePredicateLock",
        hint: 'You might need to increase "max_pred_locks_per_transaction".',
      },
      "lock-table-full",
      /predicate/,
    ],
    [
      "53200",
      "out of memory",
      {
        routine: "MemoryContextAllocationFailure",
        detail: 'Failed on request of size 10 in memory context "ExecutorState".',
      },
      "out-of-memory",
      /out of memory/,
    ],
    ["53300", "sorry, too many clients already", { routine: "ProcArrayAdd" }, "too-many-clients", /slot/],
    [
      "53300",
      "remaining connection slots are reserved for roles with the SUPERUSER attribute",
      { routine: "InitPostgres" },
      "too-many-clients",
      /slot/,
    ],
    [
      "53300",
      'too many connections for role "app"',
      { routine: "InitializeSessionUserId" },
      "role-limit",
      /of the role/,
    ],
    [
      "53300",
      'too many connections for database "shop"',
      { routine: "CheckMyDatabase" },
      "role-limit",
      /of the database/,
    ],
    [
      "58P01",
      'could not access file "$libdir/postgis-3": No such file or directory',
      { routine: "internal_load_library" },
      "library-missing",
      /library of an extension/,
    ],
    [
      "58P01",
      "could not access status of transaction 812",
      {
        routine: "SlruReportIOError",
        detail: 'Could not open file "pg_xact/0000": No such file or directory.',
      },
      "corrupt",
      /damaged/,
    ],
    [
      "XX001",
      'invalid page in block 0 of relation "base/5/16402"',
      { routine: "WaitReadBuffers" },
      "corrupt",
      /damaged/,
    ],
    [
      "XX002",
      "right sibling's left-link doesn't match: block 3 links to 2 instead of 1 in index \"x\"",
      { routine: "_bt_lock_subtree" },
      "corrupt",
      /damaged index/,
    ],
    [
      "XX000",
      "cache lookup failed for relation 16402",
      { routine: "RelationInitIndexAccessInfo" },
      "internal-error",
      /internal error/,
    ],
    ["3D000", 'database "shop" does not exist', { routine: "InitPostgres" }, "no-database", /does not exist/],
    [
      "3D000",
      'database "shop" does not exist',
      { routine: "InitPostgres", detail: 'The database subdirectory "base/16402" is missing.' },
      "corrupt",
      /files of the database/,
    ],
    [
      "55000",
      'database "shop" is not currently accepting connections',
      { routine: "CheckMyDatabase" },
      "no-logins",
      /Nobody may connect/,
    ],
    [
      "55000",
      'cannot connect to invalid database "shop"',
      { routine: "InitPostgres" },
      "no-logins",
      /DROP DATABASE/,
    ],
    [
      "42501",
      'permission denied for database "shop"',
      { routine: "CheckMyDatabase", detail: "User does not have CONNECT privilege." },
      "no-connect-right",
      /no right to connect/,
    ],
    [
      "57P03",
      "the database system is starting up",
      { routine: "ProcessStartupPacket" },
      "not-ready",
      /starting up/,
    ],
    [
      "57P03",
      "the database system is in recovery mode",
      { routine: "ProcessStartupPacket" },
      "not-ready",
      /recovers from a crash/,
    ],
    [
      "57P03",
      "the database system is not accepting connections",
      { detail: "Hot standby mode is disabled." },
      "not-ready",
      /standby/,
    ],
    [
      "57P02",
      "terminating connection because of crash of another server process",
      { routine: "quickdie" },
      "ended",
      /crashed/,
    ],
    [
      "57P05",
      "terminating connection due to idle-session timeout",
      { routine: "ProcessInterrupts" },
      "ended",
      /time limit/,
    ],
    [
      "54000",
      'database is not accepting commands that assign new transaction IDs to avoid wraparound data loss in database "shop"',
      { routine: "GetNewTransactionId" },
      "wraparound",
      /transaction numbers/,
    ],
  ]);
});

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

describe("a server that speaks German (lc_messages): what it means is read from code and routine", () => {
  all([
    [
      "53300",
      "zu viele Verbindungen für Rolle »app«",
      { routine: "InitializeSessionUserId" },
      "role-limit",
      /of the role/,
    ],
    [
      "53300",
      "zu viele Verbindungen für Datenbank »shop«",
      { routine: "CheckMyDatabase" },
      "role-limit",
      /of the database/,
    ],
    [
      "53300",
      "tut mir leid, schon zu viele Verbindungen",
      { routine: "ProcArrayAdd" },
      "too-many-clients",
      /slot/,
    ],
    [
      "28000",
      "pg_hba.conf lehnt Verbindung ab für Host »10.0.0.7«, Benutzer »app«, Datenbank »shop«, SSL-Verschlüsselung",
      { routine: "ClientAuthentication", tls: "yes" },
      "hba",
      /does not let this client in$/,
    ],
    [
      "28000",
      "kein pg_hba.conf-Eintrag für Host »10.0.0.7«, Benutzer »app«, Datenbank »shop«, keine Verschlüsselung",
      { routine: "ClientAuthentication", tls: "no" },
      "hba",
      /at least not without TLS/,
    ],
    [
      "28000",
      "Rolle »app« existiert nicht",
      { routine: "InitializeSessionUserId" },
      "auth",
      /does not exist, or may not log in/,
    ],
    [
      "28P01",
      "Passwort-Authentifizierung für Benutzer »app« fehlgeschlagen",
      { routine: "auth_failed" },
      "auth",
      /credentials/,
    ],
    [
      "28000",
      "LDAP-Authentifizierung für Benutzer »app« fehlgeschlagen",
      { routine: "auth_failed" },
      "auth",
      /outside service/,
    ],
    [
      "55000",
      "Datenbank »shop« akzeptiert gegenwärtig keine Verbindungen",
      { routine: "CheckMyDatabase" },
      "no-logins",
      /Nobody may connect/,
    ],
    [
      "55000",
      "mit ungültiger Datenbank »shop« kann nicht verbunden werden",
      { routine: "InitPostgres" },
      "no-logins",
      /DROP DATABASE/,
    ],
    [
      "3D000",
      "Datenbank »shop« existiert nicht",
      { routine: "InitPostgres", detail: "Das Datenbankunterverzeichnis »base/16402« fehlt." },
      "corrupt",
      /files of the database/,
    ],
    [
      "42501",
      "keine Berechtigung für Datenbank shop",
      { routine: "CheckMyDatabase" },
      "no-connect-right",
      /no right to connect/,
    ],
    [
      "53200",
      "Shared Memory aufgebraucht",
      {
        routine: "LockAcquireExtended",
        hint: "Sie müssen möglicherweise »max_locks_per_transaction« erhöhen.",
      },
      "lock-table-full",
      /lock table/,
    ],
    [
      "53100",
      "konnte Größe des Shared-Memory-Segments »/PostgreSQL.18« nicht auf 16 Bytes ändern: Auf dem Gerät ist kein Speicherplatz mehr verfügbar",
      { routine: "dsm_impl_posix_resize" },
      "shm-full",
      /dev.shm/,
    ],
    [
      "57P03",
      "das Datenbanksystem startet",
      { routine: "ProcessStartupPacket" },
      "not-ready",
      /starting up, shutting down or recovering/,
    ],
  ]);

  it("says what tells the causes apart where neither code nor routine does", () => {
    const found = failure("28000", "pg_hba.conf lehnt Verbindung ab", { routine: "ClientAuthentication" });
    expect(found?.because).toMatch(/^Either /);
    expect(found?.advice).toMatch(/^To tell them apart: /);
  });
});

describe("a pooler or proxy in front: its own words, never those of Postgres", () => {
  all([
    ["XX000", "Tenant or user not found", {}, "pooler-tenant", /does not know this tenant/],
    [
      "XX000",
      "(ENOTFOUND) tenant/user postgres.abcdef not found",
      {},
      "pooler-tenant",
      /does not know this tenant/,
    ],
    [
      "XX000",
      "(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)",
      {},
      "pooler-tenant",
      /tenant/,
    ],
    [
      "XX000",
      "MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size",
      {},
      "pooler-full",
      /no more clients/,
    ],
    ["XX000", "(EMAXCONN) max client connections reached, limit: 200", {}, "pooler-full", /no more clients/],
    [
      "XX000",
      "(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in transaction mode",
      {},
      "pooler-full",
      /in time/,
    ],
    [
      "XX000",
      "(ECIRCUITBREAKER) too many authentication failures",
      {},
      "pooler-blocks",
      /shut this client out/,
    ],
    ["XX000", "(ESSLREQUIRED) SSL connection is required for user: app", {}, "pooler-tls", /encrypted/],
    ["08P01", "SSL required", {}, "pooler-tls", /encrypted/],
    [
      "08P01",
      "unsupported startup parameter in options: search_path",
      {},
      "pooler-parameter",
      /start-up parameter/,
    ],
    [
      "08P01",
      "unsupported startup parameter: extra_float_digits",
      {},
      "pooler-parameter",
      /start-up parameter/,
    ],
    ["08P01", "no more connections allowed (max_client_conn)", {}, "pooler-full", /no more clients/],
    [
      "08P01",
      "client connections exceeded (max_user_client_connections)",
      {},
      "pooler-full",
      /no more clients/,
    ],
    ["08P01", "query_wait_timeout", {}, "pooler-full", /in time/],
    [
      "08P01",
      "server login has been failing, cached error: connect failed (server_login_retry)",
      {},
      "pooler-server-down",
      /cannot get into Postgres/,
    ],
    ["08P01", "client_login_timeout (server down)", {}, "pooler-server-down", /cannot get into Postgres/],
    ["08P01", "client_login_timeout", {}, "pooler-timeout", /time limit/],
    ["08P01", "no such database: shop", {}, "pooler-database", /does not know this database/],
    ["08P01", 'database "shop" is disabled', {}, "pooler-database", /does not know this database/],
    ["08P01", "no such user", {}, "pooler-user", /does not know this user/],
    ["08P01", "SASL authentication failed", {}, "pooler-user", /refuses the password/],
    ["08P01", "pooler is shutting down", {}, "not-ready", /pooler is shutting down/],
    ["58000", "could not get connection from the pool", {}, "pooler-full", /in time/],
    [
      "58000",
      'No pool configured for database: "shop", user: "app"',
      {},
      "pooler-database",
      /does not know this database/,
    ],
    [
      "53300",
      "odyssey: c12: too many tcp connections (global client_max 100)",
      {},
      "pooler-full",
      /no more clients/,
    ],
    ["28000", "This RDS Proxy requires TLS connections", {}, "pooler-tls", /encrypted/],
    ["28P01", "The password that was provided for the role app is wrong.", {}, "pooler-user", /RDS Proxy/],
    [
      "08P01",
      "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) for SNI support",
      {},
      "pooler-tenant",
      /Neon/,
    ],
    [
      "XX000",
      "Your account or project has exceeded the compute time quota. Upgrade your plan to increase limits.",
      {},
      "quota",
      /quota/,
    ],
    [
      "28000",
      "SSL connection is required. Please specify SSL options and retry.",
      {},
      "pooler-tls",
      /encrypted/,
    ],
    ["08P01", "broken Parse packet", {}, "pooler-refuses", /pooler or proxy/],
    ["XX000", "something new", {}, "pooler-refuses", /pooler or proxy/],
  ]);

  it("is not taken for damaged data", () => {
    const { advice = "", title = "" } = failure("XX000", "Tenant or user not found") ?? {};
    expect(`${title} ${advice}`).not.toMatch(/damaged|Stop writing|restore from a backup/);
  });

  it("is not heard where Postgres itself says the same words", () => {
    const said = { routine: "ProcessInterrupts" };
    expect(failure("57014", "canceling statement due to query_timeout", said)).toBeUndefined();
  });
});

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
