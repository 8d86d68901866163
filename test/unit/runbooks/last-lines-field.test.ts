import { expect, it } from "vitest";
import type { Container } from "../../../runbooks/kubernetes/case.ts";
import { exitCause } from "../../../runbooks/kubernetes/exit-cause.ts";
import { nearest } from "../../../runbooks/last-lines/nearest.ts";

// Last lines from public reports, and what a right diagnosis says; each was taken for another thing, or for nothing.
it.each([
  [
    "(403) ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. Cannot connect to amqp://guest:**@rabbit:5672//",
    "what it depends on refuses its credentials",
  ],
  [
    "amqp.exceptions.PreconditionFailed: (406) PRECONDITION_FAILED - inequivalent arg 'x-max-priority' for queue 'mails' in vhost '/'",
    "it declares a queue otherwise than it is",
  ],
  [
    "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms",
    "the broker closed its channel: a message was not acknowledged in time",
  ],
  ['ERROR: prepared statement "S_1" already exists', "its prepared statements meet a pooler"],
  [
    "ERROR: canceling statement due to conflict with recovery",
    "the standby it reads from cancelled its query",
  ],
  ["FATAL: terminating connection due to idle-session timeout", "the database closes its idle connections"],
  ["Error: SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string", "a password is missing"],
  ["FATAL: query_wait_timeout", "the pooler in front of its database has no connection for it"],
  [
    "ERROR 1114 (HY000): The table '/tmp/#sql1a_3' is full",
    "a temporary table of its database found no room",
  ],
  ["Error: could not renew lock for job 5", "it lost the lock of a job it works on"],
  [
    "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis.",
    "something speaks HTTP to Redis",
  ],
  ["(530) NOT_ALLOWED - vhost shop not found", "the broker has no such virtual host, or not for its user"],
  [
    "You are connecting to Redis 5.0.7, Sidekiq requires Redis 6.2.0 or greater (RuntimeError)",
    "the server it uses is too old for it",
  ],
  [
    "ERROR 2059 (HY000): Authentication plugin 'caching_sha2_password' cannot be loaded: caching_sha2_password.so: cannot open shared object file",
    "its database client is older than the way the server logs in",
  ],
  [
    "psycopg2.OperationalError: SCRAM authentication requires libpq version 10 or above",
    "its database client is older than the way the server logs in",
  ],
  [
    'err="opening storage failed: repair corrupted WAL: open WAL segment: 0: open /prometheus/wal/0: permission denied"',
    "it is not permitted something",
  ],
  [
    "Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder 'STRIPE_KEY' in value",
    "a setting is missing",
  ],
  [
    "Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'",
    "the user's inotify watches are used up",
  ],
  [
    "System.IO.IOException: The configured user limit (128) on the number of inotify instances has been reached, or the per-process limit on the number of open file descriptors",
    "the user's inotify watches are used up",
  ],
  [
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
    "it finds no credentials for its cloud",
  ],
  ["etcdserver: mvcc: database space exceeded", "etcd has reached its quota and takes no writes"],
  [
    "HTTP 429 urn:ietf:params:acme:error:rateLimited - too many certificates (5) already issued",
    "the certificate authority gives it no more certificates for a while",
  ],
  ["Web server failed to start. Port 8080 was already in use.", "a port it listens on is taken"],
  ["memory allocation of 1073741824 bytes failed", "it could get no more memory"],
  [
    "You need to upgrade the database. Please run `airflow db upgrade`.",
    "its database is not at the state its migrations expect",
  ],
  ["npm ERR! code EBADENGINE", "a part of it is for another platform, runtime or version"],
  [
    "Could not find a production build in the '.next' directory. Try building your app with 'next build'",
    "a part of the program itself is not there",
  ],
  // One errno, another thing: what stands beside it tells.
  ["failed to create fsnotify watcher: too many open files", "the user's inotify watches are used up"],
  ["accept4() failed (24: Too many open files)", "it has too many files open"],
  ["socket() failed (23: Too many open files in system)", "the machine has too many files open"],
  [
    "FATAL:  could not create semaphores: No space left on device",
    "the kernel has no semaphore or shared segment left for it",
  ],
  [
    "(28)No space left on device: AH00023: Couldn't create the mpm-accept mutex",
    "the kernel has no semaphore or shared segment left for it",
  ],
  [
    "dial tcp 10.0.0.5:6379: connect: cannot assign requested address",
    "it has no local port left for new connections",
  ],
  ["connect EADDRNOTAVAIL ::1:8080 - Local (:::0)", "it asks an IPv6 address, and has no IPv6 there"],
  [
    "listen tcp 10.0.0.77:80: bind: cannot assign requested address",
    "the address it listens on is not one of this machine",
  ],
  ["cp: cannot stat '/mnt/smb/x': Host is down", "a network share it uses does not answer"],
  ["bash: fork: retry: Resource temporarily unavailable", "its limit of processes and threads is reached"],
  [
    "OpenBLAS blas_thread_init: pthread_create failed for thread 1 of 4: Operation not permitted",
    "the engine refuses a call that its newer libc makes",
  ],
  ["[warn] fopen: Operation not permitted", "a call is refused to it, which no right of a file explains"],
  ["open /data/x: Permission denied", "it is not permitted something"],
  ["dial tcp: lookup db on 127.0.0.11:53: no such host", "no container of its networks has that name"],
  [
    "dial tcp: lookup api.stripe.com on 127.0.0.11:53: server misbehaving",
    "the engine's name server gets no answer for it",
  ],
  ["dial tcp: lookup api.stripe.com on 127.0.0.11:53: no such host", "a name it depends on does not resolve"],
  [
    "exec /entrypoint.sh: no such file or directory",
    "the shell or loader that its program names is not in the image",
  ],
  ["sh: 1: gunicorn: not found", "a program or script it calls is not there"],
  // Decoys: nearly the same words, another cause.
  ["repair corrupted WAL: cannot handle error", "its stored data is damaged"],
  ["write /data/x: no space left on device", "a disk is full"],
  ["could not resolve host: db", "a name it depends on does not resolve"],
  [
    "error while loading shared libraries: libssl.so.1.1: cannot open shared object file",
    "a shared library is missing or too old",
  ],
])("%s", (line, short) => expect(nearest([line])?.row.short).toBe(short));

const OVERCOME = [
  "Error: connect ECONNREFUSED 10.0.0.1:5432",
  "connected to database",
  "listening on 3000",
  "received SIGTERM, exiting",
];
it("what it lacked and then had is no cause of its end; not connected is not had", () => {
  expect(nearest(OVERCOME)).toBeUndefined();
  for (const line of [
    "not connected to database",
    "connected to proxy, error 502",
    "disconnected from redis",
  ])
    expect(nearest([OVERCOME[0] ?? "", line])?.row.short).toBe("it does not reach what it depends on");
  expect(nearest([...OVERCOME, "connect ECONNREFUSED 10.0.0.1:5432"])?.row.short).toBe(
    "it does not reach what it depends on",
  );
});

it("of pods, too", () => {
  const end = { exitCode: 1, signal: null, reason: "Error", message: "", startedAt: null, finishedAt: null };
  const one: Container = {
    ...{
      name: "api",
      role: "main",
      image: "api:1",
      state: "waiting",
      reason: "CrashLoopBackOff",
      message: "",
    },
    ...{ startedAt: null, ready: false, restarts: 3, ended: null, last: end, memoryLimit: null },
    ...{ memoryRequest: null, cpuLimit: null, cpuRequest: null, liveness: "", readiness: "", startup: "" },
  };
  const log = (lines: string[]) => ({
    namespace: "shop",
    pod: "api-1",
    container: "api",
    previous: true,
    lines,
    none: "",
  });
  // A signal ends a program whatever it wrote before.
  const killed = { ...one, last: { ...end, exitCode: 137 } };
  expect(exitCause(killed, log(['relation "a" does not exist'])).short).toBe("it was killed (SIGKILL)");
  expect(exitCause(killed, log(["CUDA out of memory"])).short).toBe("the memory of the GPU is used up");
  expect(exitCause(one, log(OVERCOME)).waitsForAnother).toBe(false);
  expect(exitCause(one, log(OVERCOME.slice(0, 1))).waitsForAnother).toBe(true);
});
