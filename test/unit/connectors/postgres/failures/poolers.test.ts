import { describe, expect, it } from "vitest";
import { all, failure } from "./cases.ts";

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
    [
      "58000",
      "could not get connection from the pool - AllServersDown",
      {},
      "pooler-full",
      /in time, or all/,
    ],
    ["58000", 'Pool down for database: "shop"', {}, "pooler-server-down", /no working pool/],
    [
      "XX000",
      "(EDBHANDLEREXITED) connection to database closed. Check logs.",
      {},
      "pooler-server-down",
      /lost/,
    ],
    [
      "XX000",
      "Connection failed {:error, :nxdomain} to 'db.x.supabase.co':5432",
      {},
      "pooler-server-down",
      /lost/,
    ],
    [
      "XX000",
      "Authentication credentials are invalid. Please reconnect with fresh credentials to restore pool functionality.",
      {},
      "auth",
      /pooler or proxy/,
    ],
    ["28P01", 'password authentication failed for user "app"', {}, "auth", /pooler or proxy/],
    [
      "08P01",
      'Cloud SQL IAM service account authentication failed for user "app@p.iam"',
      {},
      "auth",
      /IAM token/,
    ],
    [
      "XX000",
      "This IP address 192.0.2.7 is not allowed to connect to this endpoint.",
      {},
      "hba",
      /this address/,
    ],
    ["XX000", "(EADDRNOTALLOWED) address not in tenant allow_list", {}, "hba", /this address/],
    ["08P01", "prepared statement name is already in use", {}, "pooler-prepared", /prepared statement/],
    [
      "08P01",
      "transaction blocks not allowed in statement pooling mode",
      {},
      "pooler-mode",
      /one statement only/,
    ],
    ["08P01", "password authentication failed", {}, "pooler-user", /does not know this user/],
    ["08P01", 'password authentication failed for user "app"', {}, "pooler-server-down", /its password/],
    ["08P01", 'database "shop" does not exist', {}, "pooler-server-down", /database does not exist there/],
    ["08P01", 'role "app" does not exist', {}, "pooler-server-down", /role does not exist there/],
    [
      "08P01",
      'no pg_hba.conf entry for host "10.0.0.9", user "app", database "shop", no encryption',
      {},
      "pooler-server-down",
      /does not let it in/,
    ],
    ["08P01", "sorry, too many clients already", {}, "pooler-server-down", /every slot of the server/],
    ["08P01", "the database system is starting up", {}, "not-ready", /behind the pooler/],
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
