import { describe, expect, test } from "vitest";
import { aboutConfig } from "../../../runbooks/nginx/findings.ts";
import { aboutCauses, aboutRefused } from "../../../runbooks/nginx/log-findings.ts";
import { tlsSaid } from "../../../runbooks/nginx/tls-words.ts";
import { addressOf } from "../../../src/connectors/nginx/certificates.ts";
import { sudoersOf } from "../../../src/connectors/nginx/check.ts";
import { deniedIn } from "../../../src/connectors/nginx/config.ts";
import { factsOf } from "../../../src/connectors/nginx/facts.ts";
import { kindOf, upstreamOf } from "../../../src/connectors/nginx/log-kinds.ts";
import { allOf, parseConfig } from "../../../src/connectors/nginx/parse.ts";
import { fc } from "../../helpers/property.ts";

const DUMP = `# configuration file /etc/nginx/nginx.conf:
user www-data; # a comment with ; and {
worker_processes auto;
worker_rlimit_nofile 8192;
pid run/nginx.pid;
events { worker_connections 768; }
http {
    log_format main '$remote_addr "$request" {not a block}; $status';
    access_log /var/log/nginx/access.log main;
    error_log logs/error.log warn;
    upstream api { server 10.0.0.5:8000 max_fails=3; server 10.0.0.6:8000 backup; server unix:/run/api.sock down; }
    include /etc/nginx/sites/*.conf;
}

# configuration file /etc/nginx/sites/shop.conf:
server {
    listen [::]:443 ssl http2;
    server_name shop.example www.shop.example;
    ssl_certificate /etc/ssl/shop.crt;
    ssl_certificate_key /etc/ssl/shop.key;
    location / { proxy_pass http://api; }
    location /img { proxy_pass https://img.example:8443/x/; }
    location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; }
    location /v { proxy_pass http://$backend; }
}
`;

describe("what a configuration says", () => {
  const facts = factsOf(parseConfig(DUMP), "/usr/share/nginx");

  test("servers, upstreams, certificates, logs, limits; where they stand", () => {
    expect(facts.servers).toEqual([
      {
        names: ["shop.example", "www.shop.example"],
        listens: ["[::]:443 ssl http2"],
        file: "/etc/nginx/sites/shop.conf",
        line: 1,
      },
    ]);
    expect(
      facts.upstreams.map(({ name, protocol, members }) => [
        name,
        protocol,
        members.map((one) => one.address),
      ]),
    ).toEqual([
      ["api", "http", ["10.0.0.5:8000", "10.0.0.6:8000", "unix:/run/api.sock"]],
      ["img.example:8443", "https", ["img.example:8443"]],
      ["unix:/run/php.sock", "fastcgi", ["unix:/run/php.sock"]],
    ]);
    expect(facts.upstreams[0]).toMatchObject({ file: "/etc/nginx/nginx.conf", line: 10 });
    expect(facts.upstreams[0]?.members.map(({ backup, down }) => [backup, down])).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
    expect(facts.certificates).toEqual([
      { path: "/etc/ssl/shop.crt", names: ["shop.example", "www.shop.example"], listen: "[::]:443" },
    ]);
    expect(facts).toMatchObject({
      ...{
        pid: "/usr/share/nginx/run/nginx.pid",
        workers: "auto",
        workerConnections: 768,
        rlimitNofile: 8192,
      },
      ...{ errorLogs: ["/usr/share/nginx/logs/error.log"], accessLogs: ["/var/log/nginx/access.log"] },
    });
  });

  test("whatever the bytes, it ends and never throws", () => {
    const part = fc.constantFrom(
      "{",
      "}",
      ";",
      '"',
      "'",
      "\\",
      "#",
      "\n",
      " ",
      "server",
      "${",
      "}",
      "# configuration file /x:\n",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 300 }), (parts) => {
        expect(Array.isArray(parseConfig(parts.join("")))).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(allOf(parseConfig("a{".repeat(50_000)), "a").length).toBeGreaterThan(0);
    expect(parseConfig(`log_format x '${"a".repeat(100_000)}`)).toEqual([]);
  });
});

test.each([
  [
    'connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: shop, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:8000/", host: "shop"',
    "refused",
    "127.0.0.1:8000",
  ],
  [
    'connect() to unix:/run/api.sock failed (2: No such file or directory) while connecting to upstream, upstream: "http://unix:/run/api.sock:/"',
    "no-socket",
    "unix:/run/api.sock",
  ],
  [
    "connect() to [2001:db8::1]:8000 failed (113: No route to host) while connecting to upstream",
    "unreachable",
    "",
  ],
  [
    'upstream timed out (110: Connection timed out) while connecting to upstream, upstream: "http://10.0.0.5:80/"',
    "connect-timeout",
    "10.0.0.5:80",
  ],
  [
    "upstream timed out (110: Connection timed out) while reading response header from upstream",
    "answer-timeout",
    "",
  ],
  ["upstream prematurely closed connection while reading response header from upstream", "closed-early", ""],
  [
    "recv() failed (104: Connection reset by peer) while reading response header from upstream",
    "closed-early",
    "",
  ],
  ['no live upstreams while connecting to upstream, upstream: "http://api/"', "no-live-upstreams", "api"],
  ["accept4() failed (24: Too many open files)", "open-files", ""],
  ["64 worker_connections are not enough while connecting to upstream", "worker-connections", ""],
  ["SSL_do_handshake() failed (SSL: error:0A00010B) while SSL handshaking to upstream", "upstream-tls", ""],
  [
    "SSL_do_handshake() failed (SSL: error:0A000412:certificate unknown) while SSL handshaking, client: 1.2.3.4",
    "client-tls",
    "",
  ],
  ["client intended to send too large body: 2000 bytes", "body-too-large", ""],
  ['limiting requests, excess: 20.1 by zone "z"', "limited", ""],
  ["upstream sent too big header while reading response header from upstream", "header-too-big", ""],
  ["worker process 17 exited on signal 11", "worker-died", ""],
  ['open() "/srv/favicon.ico" failed (2: No such file or directory)', undefined, ""],
  ["client 10.0.0.1 closed keepalive connection", undefined, ""],
  ["worker process 17 exited with code 0", undefined, ""],
])("%s", (line, kind, upstream) => {
  expect([kindOf(line), upstreamOf(line)]).toEqual([kind, upstream]);
});

test("where a certificate is asked for", () => {
  expect(
    ["443", "*:8443", "0.0.0.0:443", "[::]:443", "10.0.0.5:443", "unix:/run/x", ""].map(addressOf),
  ).toEqual([...["127.0.0.1:443", "127.0.0.1:8443", "127.0.0.1:443", "[::1]:443", "10.0.0.5:443", "", ""]]);
});

test("lines of sudoers name the calls word for word", () => {
  expect(sudoersOf("diagbot", "/usr/sbin/nginx", "/etc/nginx/a,b.conf")[2]).toBe(
    "diagbot ALL=(root) NOPASSWD: /usr/sbin/nginx -s reload -c /etc/nginx/a\\,b.conf",
  );
});

test("who may not read what nginx reads has not found it broken; a wrong line is, whoever asks", () => {
  const alert =
    'nginx: [alert] could not open error log file: open() "/var/log/nginx/error.log" failed (13: Permission denied)';
  const key =
    '2026/11/30 16:20:39 [emerg] 7#7: cannot load certificate key "/etc/ssl/k": BIO_new_file() failed (SSL: error:8000000D:system library::Permission denied)';
  const pid = '2026/11/30 16:20:39 [emerg] 7#7: open() "/run/nginx.pid" failed (13: Permission denied)';
  const wrong = '2026/11/30 16:20:39 [emerg] 7#7: unknown directive "listn" in /etc/nginx/nginx.conf:4';
  expect([deniedIn([alert, key], "1000"), deniedIn([alert, pid], "1000")]).toEqual([key, pid]);
  expect([deniedIn([alert, wrong], "1000"), deniedIn([alert, pid], "0")]).toEqual([undefined, undefined]);
});

test("where processes are hidden nothing is said of whether it runs", () => {
  const config = { valid: true, error: null } as unknown as Parameters<typeof aboutConfig>[0];
  const processes = { master: null, workers: [], leaving: 0, generation: null, newer: [] };
  expect(aboutConfig(config, { ...processes, hidden: true })).toEqual([]);
  expect(aboutConfig(config, processes).map(({ id }) => id)).toEqual(["not-running"]);
});

describe("names that nginx asked for when it read its configuration", () => {
  const logs = (address: string) =>
    ({
      ...{ minutes: 15, answers: null },
      causes: [{ kind: "refused", count: 9, agoSeconds: 3, upstreams: [{ address, count: 9 }], example: "" }],
    }) as unknown as Parameters<typeof aboutCauses>[0];
  const upstreams = (addresses: string[]) => ({
    members: [
      {
        ...{ upstream: "api", address: "api.lab:8000", backup: false, state: "answers" as const },
        ...{ status: 200, seconds: 0.1, addresses },
      },
    ],
  });
  const ids = (address: string, addresses: string[]) =>
    aboutCauses(logs(address), upstreams(addresses)).map(({ id, severity, remedies }) => [
      id,
      severity,
      remedies,
    ]);

  test("an address it has no longer: still asked, and a reload helps", () => {
    expect(ids("10.0.0.5:8000", ["10.0.0.9"])).toEqual([
      ["old-address", "critical", ["reload", "resolveNames"]],
    ]);
  });

  test("the one it has; another port; one of two", () => {
    expect(ids("10.0.0.9:8000", ["10.0.0.9"])[0]?.[0]).toBe("refused");
    expect(ids("10.0.0.5:9000", ["10.0.0.9"])[0]?.[0]).toBe("refused");
    const [both] = aboutCauses(logs("[::1]:8000"), upstreams(["127.0.0.1", "::1"]));
    expect([both?.severity, both?.because]).toEqual([
      "critical",
      expect.stringContaining("by one of its addresses"),
    ]);
  });
});

test.each([
  ["SSL routines::tlsv1 unrecognized name:SSL alert number 112", /by which name it is asked/],
  ["SSL routines::wrong version number", /speaks no TLS there/],
  ["upstream SSL certificate verify error: (20:unable to get local issuer certificate)", /does not accept/],
  ["SSL routines::tlsv1 alert protocol version:SSL alert number 70", /no version of TLS in common/],
  ["SSL routines::sslv3 alert handshake failure:SSL alert number 40", /breaks the handshake off/],
  ["peer closed connection in SSL handshake", /closes in the middle/],
  ["SSL_do_handshake() failed", /No TLS comes about/],
])("TLS with an upstream: %s", (line, title) => {
  expect(tlsSaid(line).title("10.0.0.5:443")).toMatch(title);
});

test("what nginx refuses by itself is told as that, and as no fault", () => {
  const cause = { kind: "body-too-large", count: 30, agoSeconds: 9, example: "x", upstreams: [] };
  const logs = { minutes: 15, causes: [cause] } as unknown as Parameters<typeof aboutRefused>[0];
  expect(aboutRefused(logs)).toMatchObject({ severity: "info", remedies: ["takeMore"] });
  expect(
    aboutRefused({ ...logs, causes: [{ ...cause, count: 1 }] } as unknown as typeof logs),
  ).toBeUndefined();
  expect(aboutRefused({ ...logs, causes: [] })).toBeUndefined();
});
