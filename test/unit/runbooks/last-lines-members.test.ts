import { expect, it } from "vitest";
import { nearest } from "../../../runbooks/last-lines/nearest.ts";
import { causeOf } from "../../../runbooks/systemd/ends.ts";
import { unitOf } from "../../../src/connectors/systemd/unit-of.ts";
import { firstOf, judgeContainers, makeEnded } from "../../make/container.ts";

// Last lines of public reports that said nothing to diagbot, by whose words they are; what a right diagnosis says of them.
const AT = " at org.apache.zookeeper.server.quorum.QuorumPeer.start(QuorumPeer.java:1000)";
it.each<readonly [short: string, ...lines: string[]]>([
  // Servers of several members.
  [
    "it is not permitted something",
    "ERROR Unable to use the drive /export: drive access denied: Invalid arguments specified",
  ],
  [
    "it is not permitted something",
    "Error: unable to rename (/export/.minio.sys/tmp -> /export/x) file access denied, drive may be faulty please investigate",
  ],
  ["it is not permitted something", "ERROR Unable to initialize backend: Unable to write to the backend"],
  [
    "the folder of its drive is not there",
    "FATAL Unable to use the drive /export: drive not found: Invalid arguments specified",
  ],
  [
    "its data was written by another version",
    "ERROR Unable to initialize backend: format.json file: expected format-type: fs, found: xl",
  ],
  ["a disk is full", "Error: drive path full (*fmt.wrapError)"],
  [
    "its cluster knows it already, and it has no data of before",
    '{"level":"fatal","msg":"discovery failed","error":"member 9b3523b532ddb797 has already been bootstrapped"}',
  ],
  ["its cluster has removed it", "the member has been permanently removed from the cluster"],
  [
    "its stored data does not fit what its cluster has agreed on",
    "panic: tocommit(138789) is out of range [lastIndex(0)]. Was the raft log corrupted?",
  ],
  [
    "its number is not among the members of its cluster",
    "java.lang.RuntimeException: My id 2 not in the peer list",
    AT,
  ],
  [
    "its stored data does not fit what its cluster has agreed on",
    "java.io.IOException: No snapshot found, but there are log entries. Something is broken!",
    AT,
  ],
  [
    "its data belongs to another member of its cluster",
    "kafka.common.InconsistentBrokerIdException: Configured broker.id 2 doesn't match stored broker.id Some(1) in meta.properties.",
  ],
  [
    "its old session is still known to ZooKeeper",
    "KeeperException$NodeExistsException: KeeperErrorCode = NodeExists",
  ],
  ["it does not reach what it depends on", "kafka.errors.NoBrokersAvailable: NoBrokersAvailable"],
  [
    "its indices take no writes: a disk passed the flood stage",
    "blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
  ],
  // Clouds, registries, licences: one refusal, several causes.
  [
    "its cloud credentials have expired",
    "An error occurred (ExpiredToken) when calling the GetObject operation: The provided token has expired.",
  ],
  [
    "its cloud identity may not do that",
    "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
  ],
  [
    "what it depends on refuses its credentials",
    "An error occurred (SignatureDoesNotMatch) when calling the ListObjects operation: The request signature",
  ],
  [
    "a certificate is out of its dates, or the clock is wrong",
    "RequestTimeTooSkewed: The difference between the request time and the current time is too large.",
  ],
  ["what it asks its cloud for is not there", "NoSuchBucket: The specified bucket does not exist"],
  [
    "its licence has expired or is not valid",
    '{"level":"fatal","msg":"License is invalid or expired, crashing - license expired"}',
  ],
  ["its licence has expired or is not valid", "LICENSE [EXPIRED] ON [SATURDAY, AUGUST 10, 2024]."],
  ["Vault is sealed", "Error: Failed to initialize: Vault is sealed (503)"],
  // Answers of servers that were reached.
  ["the server it uses has no connection left for it", "FATAL:  sorry, too many clients already"],
  ["the server it uses has no connection left for it", "ERROR 1040 (HY000): Too many connections"],
  ["the database's queue of NOTIFY is full", "ERROR: too many notifications in the NOTIFY queue"],
  [
    "MySQL has shut its address out",
    "Host '172.18.0.5' is blocked because of many connection errors; unblock with 'mysqladmin flush-hosts'",
  ],
  ["the server has no such database or role", 'FATAL:  role "app" does not exist'],
  [
    "its database is not at the state its migrations expect",
    'ProgrammingError: relation "auth_user" does not exist',
  ],
  ["its role in the database may not do that", "ERROR:  permission denied for schema public"],
  ["it writes to a server that takes no writes", "READONLY You can't write against a read only replica."],
  ["a peer's certificate is for another name", "x509: certificate is valid for a.example, not b.example"],
  [
    "its certificate and key do not belong together",
    'SSL_CTX_use_PrivateKey("/etc/key.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)',
  ],
  [
    "a network share it uses was exchanged beneath it",
    "OSError: [Errno 116] Stale file handle: '/mnt/share/x'",
  ],
  ["its stored data is damaged", "sqlite3.DatabaseError: database disk image is malformed"],
  // Its own base.
  [
    "its program is for another CPU, and the emulation of that ended it",
    "qemu: uncaught target signal 11 (Segmentation fault) - core dumped",
  ],
  [
    "a pool of PHP-FPM has no user it may run as",
    "ALERT: [pool www] user has not been defined",
    "ERROR: failed to post process the configuration",
    "ERROR: FPM initialization failed",
  ],
  [
    "it cannot read its settings",
    "ERROR: failed to load configuration file '/usr/local/etc/php-fpm.conf'",
    "ERROR: FPM initialization failed",
  ],
  ["it does not know the time zone", "ZoneInfoNotFoundError: 'No time zone found with key Europe/Kyiv'"],
  [
    "a program it started was killed",
    "./entrypoint.sh: line 4:    12 Killed                  node server.js",
  ],
  [
    "an extension of its database is not installed",
    'FATAL:  could not access file "timescaledb": No such file or directory',
  ],
  // Decoys: nearly the same words, another thing.
  ["it is not permitted something", "open /data/x: permission denied"],
  ["it may have no more threads", "runtime: failed to create new OS thread (have 11 already; errno=11)"],
  ["what it depends on refuses its credentials", 'FATAL:  password authentication failed for user "app"'],
])("%s: %s", (short, ...lines) => expect(nearest(lines)?.row.short).toBe(short));

it.each([
  ["license: Apache-2.0, see LICENSE"],
  ["no license configured, running in basic mode"],
  ["WARNING: [pool www] server reached pm.max_children setting (5), consider raising it"],
  ['10.0.0.7 - - "GET /bucket/x HTTP/1.1" 403 AccessDenied'],
  ["killed 3 idle workers, as planned"],
])("nothing is made of: %s", (line) => expect(nearest([line])).toBeUndefined());

it("a unit is told the row's own words where they hold anywhere, and those for units otherwise", () => {
  const failed = {
    ...unitOf(new Map(), 0),
    name: "api.service",
    active: "failed",
    result: "exit-code",
    mainCode: 1,
    mainStatus: 1,
    invocation: "i",
  };
  const said = (message: string) =>
    causeOf(failed, {
      unit: "api.service",
      jobResult: "",
      lines: [{ at: 1, priority: 6, message, bySystemd: false, invocation: "i", tells: "" }],
    });
  expect(said("ERROR Unable to use the drive /export: drive access denied").because).toContain("MinIO");
  expect(said("open /data/x: permission denied").because).toContain("the unit's `User=`");
  expect(said('FATAL:  could not access file "timescaledb": No such file').advice?.text).not.toContain(
    "image",
  );
});

it("a full server is no fault of the program: starting it helps once there is room, whatever it is", () => {
  const { findings } = judgeContainers({
    containers: [makeEnded(1)],
    events: [[300, "api", "die", 1]],
    logs: { api: ["FATAL:  sorry, too many clients already"] },
  });
  expect(firstOf({ findings }).title).toContain("the server it uses has no connection left");
  expect(firstOf({ findings }).remedies).toContain("repairDependency");
});
