import { describe, expect, it } from "vitest";
import { firstOf, judgeContainers, makeEnded, makeUnhealthy } from "../../make/container.ts";

const endedWith = (code: number, lines: readonly string[]) =>
  firstOf(
    judgeContainers({
      containers: [makeEnded(code)],
      events: [[300, "api", "die", code]],
      logs: { api: lines },
    }),
  );

describe("what a program says last is read before its code", () => {
  it.each([
    [1, "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB", /memory of the GPU/],
    [1, "RuntimeError: Found no NVIDIA driver on your system.", /no GPU it can use/],
    [150, "You must install or update .NET to run this application.", /another platform, runtime or version/],
    [
      134,
      "Process terminated. Couldn't find a valid ICU package installed on the system.",
      /another platform/,
    ],
    [1, "Error: /app/node_modules/bcrypt/lib/bcrypt_lib.node: invalid ELF header", /another platform/],
    [
      1,
      'err="opening storage failed: lock DB directory: resource temporarily unavailable"',
      /lock on its data/,
    ],
    [
      1,
      'initdb: error: directory "/var/lib/postgresql/data" exists but is not empty',
      /data folder is not empty/,
    ],
    [
      1,
      "Error: in 18+, these Docker images are configured to store database data in a",
      /older images of Postgres/,
    ],
    [1, "PANIC:  could not locate a valid checkpoint record", /stored data is damaged/],
    [
      1,
      "kafka.common.InconsistentClusterIdException: The Cluster ID a doesn't match stored clusterId",
      /another cluster/,
    ],
    [1, "ActiveRecord::PendingMigrationError: Migrations are pending.", /its migrations expect/],
    [1, "unknown variable 'default-authentication-plugin=mysql_native_password'.", /option it does not know/],
    [1, "permissions 777 for /acme.json are too open, please use 600", /read by more than it allows/],
    [1, "Error: EISDIR: illegal operation on a directory, read", /a folder is where it expects a file/],
    [1, "OSError: [Errno 122] Disk quota exceeded: '/data/x'", /quota of its disk/],
    [1, "x509: certificate signed by unknown authority", /does not trust the certificate/],
    [
      1,
      "x509: certificate has expired or is not yet valid: current time 2019-01-01 is before 2026",
      /the clock is wrong/,
    ],
    [
      1,
      'nginx: [emerg] host not found in upstream "db" in /etc/nginx/conf.d/default.conf:5',
      /does not resolve/,
    ],
    [1, "wait-for-it.sh: timeout occurred after waiting 15 seconds for db:5432", /did not come up in time/],
    [1, "sqlite3.OperationalError: unable to open database file", /a file it wants is not there/],
  ])("%i: %s", (code, line, words) => {
    const { title, because } = endedWith(code, ["starting", line]);
    expect(title).toMatch(words);
    expect(because).toContain(line.slice(0, 60));
    // What a general row, or the code alone, would say.
    expect(title).not.toMatch(/signal 22|no more memory|no more threads|cannot read its settings|panicked/);
  });

  it("a code above 128 that is no signal which ends anything is the program's own", () => {
    expect(endedWith(150, ["bye"]).title).not.toMatch(/signal/);
    expect(endedWith(128 + 35, ["bye"]).title).toMatch(/signal 35/);
  });

  it("a panic or trace says how: the line just before it says why", () => {
    const said = endedWith(1, [
      'err="open /prometheus/queries.active: permission denied"',
      "panic: Unable to create mmap-ed active query log",
      "",
      "goroutine 1 [running]:",
    ]);
    expect(said.title).toMatch(/not permitted something/);
  });

  it("what was said long before it is not why", () => {
    const said = endedWith(2, [
      "dial tcp 10.0.0.5:5432: connect: connection refused",
      ...["connected", "ready", "serving", "GET / 200", "GET / 200", "GET / 200"],
      "panic: runtime error: invalid memory address or nil pointer dereference",
      "goroutine 7 [running]:",
    ]);
    expect(said.title).toMatch(/panicked/);
  });

  it("a warning of its run is no cause of a kill from outside", () => {
    const said = endedWith(137, [
      "WARN self-signed certificate in use",
      "WARN unknown option foo",
      "serving",
    ]);
    expect(said.title).not.toMatch(/certificate|option/);
  });
});

describe("what the engine and the check say", () => {
  it.each([
    ["failed to set up container networking: Address already in use", /fixed address/],
    [
      "Error starting userland proxy: listen tcp4 192.0.2.5:80: bind: cannot assign requested address",
      /not of this machine/,
    ],
    [
      "open sysctl net.ipv4.ip_unprivileged_port_start file: reopen fd 8: permission denied",
      /does not fit the container/,
    ],
    ["mkdir /var/lib/docker/overlay2/a: disk quota exceeded", /quota of the engine's disk/],
    ["unable to create session key: disk quota exceeded", /no key left/],
    // A path that ends like a secret's name: the word after it is taken for one and is gone.
    [
      'exec: "/bin/get-token": [redacted] /bin/get-token: no such file or directory: unknown',
      /cannot be found/,
    ],
  ])("%s", (error, words) => {
    const { findings } = judgeContainers({ containers: [makeEnded(128, { error })] });
    expect(firstOf({ findings }).title).toMatch(words);
  });

  it.each([
    [3, "this server does not implement the grpc health protocol (grpc.health.v1.Health)", "correctCheck"],
    [1, "ReferenceError: fetch is not defined", "correctCheck"],
    [22, "curl: (22) The requested URL returned error: 429", "correctCheck"],
    [4, 'service unhealthy (responded with "NOT_SERVING")', "fixCrash"],
    [1, '{"status":"down","db":"timeout"}', "fixCrash"],
  ])("%i %s", (exitCode, output, remedy) => {
    const { findings } = judgeContainers({
      containers: [makeUnhealthy({ exitCode, output })],
      events: [],
    });
    expect(findings[0]?.remedies).toEqual([remedy]);
  });
});
