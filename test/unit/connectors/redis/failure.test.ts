import { describe, expect, it } from "vitest";
import { toRedisError } from "../../../../src/connectors/redis/errors.ts";
import { failureOf } from "../../../../src/connectors/redis/failure.ts";

/** As an action's error reaches the judgement. */
const judged = (reply: string, said?: Record<string, string>) => {
  const { code, message, detail, hint } = toRedisError(new Error(reply));
  const failure = failureOf({
    ...{ code, message },
    ...(detail === undefined ? {} : { detail }),
    ...(said === undefined ? {} : { said }),
  });
  return { ...failure, code, hint };
};

const MISCONF =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled";

describe("one word, several causes", () => {
  it.each([
    ["BUSY Redis module is busy running a long command", "busy", "a command of a module"],
    [
      "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
      "busy",
      "a function",
    ],
    [
      "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
      "busy",
      "a script",
    ],
    ["ERR max number of connections reached", "max-clients", "no more clients"],
    ["NOAUTH Authentication required.", "auth", "Redis wants a password, and the URL has none"],
    ["NOAUTH HELLO must be called with the client already authenticated", "auth", "Redis wants a password"],
    [
      "WRONGPASS invalid username-password pair or user is disabled.",
      "auth",
      "Redis does not accept the credentials",
    ],
    ["WRONGPASS invalid or missing auth token", "auth", "Redis does not accept the credentials"],
    ["ERR invalid password", "auth", "Redis does not accept the credentials"],
    ["ERR Client sent AUTH, but no password is set", "auth", "The URL has a password, but Redis wants none"],
    [
      "ERR AUTH <password> called without any password configured for the default user.",
      "auth",
      "The URL has a password",
    ],
    [
      "ERR wrong number of arguments for 'auth' command",
      "auth",
      "The URL names a user, but this Redis knows passwords only",
    ],
    [
      "MISCONF Errors writing to the AOF file: No space left on device",
      "misconf",
      "Redis refuses writes: it cannot write the append-only file: the disk is full",
    ],
    [
      "MISCONF Errors writing to the AOF file: Read-only file system",
      "misconf",
      "Redis refuses writes: it cannot write the append-only file",
    ],
    [MISCONF, "misconf", "Redis refuses writes: it cannot save to disk"],
    ["CLUSTERDOWN Hash slot not served", "cluster", "Redis Cluster does not serve all slots"],
    ["CLUSTERDOWN The cluster is down", "cluster", "Redis Cluster is down"],
    [
      "CLUSTERDOWN The cluster is down and only accepts read commands",
      "cluster",
      "Redis Cluster takes no writes: it is down, and reads only",
    ],
    [
      "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
      "busy",
      "Redis is busy running a script",
    ],
    [
      "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
      "busy",
      "Redis is busy running a function",
    ],
    ["READONLY You can't write against a read only replica.", "read-only", "Redis is a read-only replica"],
    ["REDIRECT 10.0.0.1:6379", "read-only", "Redis is a read-only replica"],
    ["ERR max number of clients + cluster connections reached", "max-clients", "Redis takes no more clients"],
    ["ERR max number of clients reached", "max-clients", "Redis takes no more clients"],
    ["ERR DB index is out of range", "no-database", "The number of the database"],
    ["ERR SELECT is not allowed in cluster mode", "no-database", "The number of the database"],
    [
      "OOM command not allowed when used memory > 'maxmemory'.",
      "oom",
      "Redis refuses writes: maxmemory is reached",
    ],
    [
      "NOREPLICAS Not enough good replicas to write.",
      "no-replicas",
      "Redis refuses writes on purpose: too few replicas",
    ],
    ["LOADING Redis is loading the dataset in memory", "loading", "Redis is loading its data"],
    ["LOADING Dragonfly is loading the dataset in memory", "loading", "Redis is loading its data"],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      "master-down",
      "This replica has lost",
    ],
    [
      "DENIED Redis is running in protected mode because protected mode is enabled",
      "protected-mode",
      "Redis is in protected mode",
    ],
    ["no upstream host", "proxy", "The proxy in front of Redis answers"],
    ["upstream failure", "proxy", "The proxy in front of Redis answers"],
    ["ERR Connection refused", "proxy", "The proxy in front of Redis answers"],
    ["ERR No route to host", "proxy", "The proxy in front of Redis answers"],
    ["ERR redis temporary failure", "proxy", "The proxy in front of Redis answers"],
    [
      "ERR illegal address: 192.0.2.1:35520",
      "not-on-allowlist",
      "The managed Redis does not let this address in",
    ],
    [
      "ERR max daily request limit exceeded. Limit: 10000, Usage: 10001.",
      "quota",
      "The managed Redis answers no more",
    ],
    ["ERR DB capacity quota exceeded.", "quota", "The managed Redis answers no more"],
    ["ERR max concurrent connections exceeded", "max-clients", "Redis takes no more clients"],
  ])("%s", (reply, id, title) => {
    const failure = judged(reply);
    expect(failure.id).toBe(id);
    expect(failure.title).toContain(title);
    expect(failure.because).toContain(reply.slice(0, 40));
    expect(failure.severity).toBe("critical");
  });

  it("one request that is too big is no limit of the plan", () => {
    expect(judged("ERR max request size exceeded. Limit: 1048576 bytes, Actual: 1500000").id).toBeUndefined();
    expect(judged("ERR max requests limit exceeded. Limit: 500000, Usage: 500000.").id).toBe("quota");
  });

  it.each([
    ["MOVED 2415 127.0.0.1:25221", "other-node"],
    ["ASK 2415 127.0.0.1:25221", "other-node"],
    ["TRYAGAIN Multiple keys request during rehashing of slot", "other-node"],
    ["CROSSSLOT Keys in request don't hash to the same slot", "cross-slot"],
  ])("%s is how a cluster works", (reply, id) => {
    expect(judged(reply)).toMatchObject({ id, severity: "info" });
  });

  it.each([
    ["NOPERM User bot has no permissions to run the 'config|get' command", "+config|get"],
    ["NOPERM this user has no permissions to run the 'info' command or its subcommand", "+info"],
    ["NOPERM this user has no permissions to access one of the keys used as arguments", "%R~*"],
    ["NOPERM User bot has no permissions to access the 'k' key", "%R~*"],
    ["ERR unknown command `CONFIG`, with args beginning with: `GET`", "config"],
    ["ERR unknown command 'slowlog', with args beginning with: 'get'", "slowlog"],
    ["ERR Command is not available: 'MEMORY'. See https://example.org", "memory"],
    ["ERR unsupported command 'INFO'", "info"],
  ])("%s says nothing of the server, but what gives the answer", (reply, rule) => {
    const failure = judged(reply);
    expect(failure.id).toBeUndefined();
    expect(failure.hint).toContain(rule);
  });
});

describe("a save that fails", () => {
  it("is an intrusion where the server was told to save to such a place", () => {
    const hacked = judged(MISCONF, { dir: "/var/spool/cron", dbfilename: "root" });
    expect(hacked).toMatchObject({ id: "compromised", severity: "critical" });
    expect(hacked.advice).toContain("take it off the network first");
    expect(hacked.advice).not.toContain("Then BGSAVE");
  });

  it("otherwise is either of four, with what tells them apart", () => {
    const plain = judged(MISCONF, { dir: "/var/lib/redis", dbfilename: "dump.rdb" });
    expect(plain.id).toBe("misconf");
    expect(plain.because).toContain("It saves to /var/lib/redis/dump.rdb.");
    expect(plain.advice).toContain("To tell them apart");
  });
});

it.each([
  ["the first words of what answers are “HTTP/1.1 400 Bad Request”", "an HTTP server"],
  ["the first words of what answers are “SSH-2.0-OpenSSH_9.2”", "an SSH server"],
  ["the first words of what answers are “ERROR”", "memcached"],
  ["the first words of what answers are “AMQP”", "a message broker"],
  ["the first words of what answers are “J 8.0.36 mysql_native_password”", "a MySQL server"],
  ["the first words of what answers are “hello”", "is not Redis"],
])("%s", (message, what) => {
  expect(
    failureOf({ code: "target_error", message: `Redis: ${message}`, detail: "not-redis" })?.title,
  ).toContain(what);
});

it.each([
  ["CERT_HAS_EXPIRED", "has expired"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "an authority this machine does not know"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "for another name"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "does not answer the TLS handshake"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a certificate of its clients"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "The TLS connection to Redis fails"],
])("TLS: %s", (detail, title) => {
  expect(failureOf({ code: "target_unreachable", message: "Redis: x", detail })?.title).toContain(title);
});
