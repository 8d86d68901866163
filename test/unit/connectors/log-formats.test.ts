// Lines as programs write them: those of Python, nginx, Postgres and Redis were taken from their own logs, the others are as documented.
import { expect, it } from "vitest";
import { readLine } from "../../../src/connectors/log-line.ts";

const at = Date.UTC(2026, 10, 30, 23, 38, 36) / 1000;
type Wanted = Partial<ReturnType<typeof readLine>>;

it.each<readonly [string, string, Wanted]>([
  ["Python", "ERROR:shop:plain", { level: "error", message: "shop:plain" }],
  [
    "Loguru",
    "2026-11-30 23:38:36.000 | ERROR    | shop.pay:charge:17 - refused",
    { level: "error", at, message: "shop.pay:charge:17 - refused" },
  ],
  [
    "Celery",
    "[2026-11-30 23:38:36,000: ERROR/MainProcess] Task shop.mail failed",
    { level: "error", at, message: "Task shop.mail failed" },
  ],
  [
    "nginx's error log",
    '2026/11/30 23:38:36 [error] 5480#5480: *1 connect() failed (111: Connection refused), client: 127.0.0.1, request: "GET /x HTTP/1.1"',
    { level: "error", at },
  ],
  [
    "nginx's access log",
    '127.0.0.1 - - [30/Nov/2026:23:38:36 +0000] "GET /x HTTP/1.1" 502 157 "-" "curl/7.88.1"',
    { level: null, at },
  ],
  [
    "Postgres",
    '2026-11-30 23:38:36.000 UTC [2192] shop@shop ERROR:  relation "orders" does not exist',
    { level: "error", at, message: 'relation "orders" does not exist' },
  ],
  [
    "Postgres, quiet",
    "2026-11-30 23:38:36.000 UTC [2192] LOG:  checkpoint starting: time",
    { level: "info", at },
  ],
  [
    "Redis",
    "5455:M 30 Nov 2026 23:38:36.000 # WARNING Memory overcommit must be enabled!",
    { level: "warning", at },
  ],
  ["Redis, quiet", "5455:M 30 Nov 2026 23:38:36.000 * Ready to accept connections", { level: "info", at }],
  [
    "MySQL",
    "2026-11-30T23:38:36.000000Z 0 [ERROR] [MY-010119] [Server] Aborting",
    { level: "error", at, message: "[MY-010119] [Server] Aborting" },
  ],
  [
    "Apache's error log",
    "[Mon Nov 30 23:38:36.000000 2026] [proxy:error] [pid 7:tid 8] AH00957: attempt to connect failed",
    { level: "error", component: "proxy", at },
  ],
  [
    "PHP",
    "[30-Nov-2026 23:38:36 UTC] PHP Fatal error:  Uncaught Error: Class not found",
    { level: "error", at, message: "Uncaught Error: Class not found" },
  ],
  [
    "php-fpm",
    "[30-Nov-2026 23:38:36] WARNING: [pool www] server reached pm.max_children setting (5)",
    { level: "warning", at },
  ],
  [
    "Rails",
    "E, [2026-11-30T23:38:36.000000 #123] ERROR -- : PG::ConnectionBad",
    { level: "error", at, message: "PG::ConnectionBad" },
  ],
  [
    ".NET",
    "fail: Shop.Orders.Worker[0] Could not reach the queue",
    { level: "error", component: "Shop.Orders.Worker" },
  ],
  [
    "NestJS",
    "[Nest] 17  - 11/30/2026, 11:38:36 PM   ERROR [ExceptionsHandler] connect ECONNREFUSED",
    { level: "error", component: "ExceptionsHandler", message: "connect ECONNREFUSED" },
  ],
  [
    "syslog, newer time",
    "2026-11-30T23:38:36.000000+00:00 web1 shop-api[812]: ERROR: cannot reach db",
    { level: "error", component: "shop-api", at, message: "cannot reach db" },
  ],
  [
    "MongoDB",
    '{"t":{"$date":"2026-11-30T23:38:36.000Z"},"s":"E","c":"NETWORK","id":1,"ctx":"main","msg":"refused"}',
    { level: "error", at, message: "refused" },
  ],
  ["GELF", '{"version":"1.1","short_message":"refused","level":3}', { level: "error", message: "refused" }],
  [
    "Serilog",
    '{"@t":"2026-11-30T23:38:36.000Z","@l":"Error","@mt":"refused"}',
    { level: "error", at, message: "refused" },
  ],
  [
    "Docker's own file",
    '{"log":"2026-11-30 23:38:30 ERROR refused\\n","stream":"stderr","time":"2026-11-30T23:38:36.000Z"}',
    { level: "error", at, message: "refused" },
  ],
  [
    "CRI's own file",
    '2026-11-30T23:38:36.000Z stderr F {"level":"error","msg":"refused"}',
    { level: "error", at, message: "refused" },
  ],
  [
    "colours",
    "\u001b[2m2026-11-30T23:38:36.000Z\u001b[0m \u001b[31mERROR\u001b[0m shop: refused",
    { level: "error", at },
  ],
  [
    "colours in JSON",
    '{"level":"\\u001b[31merror\\u001b[39m","message":"refused"}',
    { level: "error", message: "refused" },
  ],
  // What only looks like it.
  ["a sentence behind a time", "2026-11-30 23:38:36 no error was found, all is well", { level: null, at }],
  ["a word with a dash", "2026-11-30 23:38:36 shop - errors: 0", { level: null, at }],
  ["a job called so", "2026-11-30 23:38:36 report-error-rate finished", { level: null, at }],
])("%s", (_name, text, wanted) => expect(readLine(text)).toMatchObject(wanted));

it("a time without a year is of the last twelve months, by the machine's clock", () => {
  const then = new Date(Date.now() - 3_600_000);
  const month = then.toLocaleString("en", { month: "short", timeZone: "UTC" });
  const clock = then.toISOString().slice(11, 19);
  const second = Math.floor(then.getTime() / 1000);
  const bsd = `${month} ${String(then.getUTCDate()).padStart(2)} ${clock} web1 sshd[7]: Failed password`;
  expect(readLine(bsd)).toMatchObject({ at: second, component: "sshd", message: "Failed password" });
  expect(readLine(bsd, null, 3_600).at).toBe(second - 3_600);
  const klog = `E${then.toISOString().slice(5, 7)}${then.toISOString().slice(8, 10)} ${clock}.000000       1 reflector.go:138] watch failed`;
  expect(readLine(klog)).toMatchObject({ at: second, level: "error", component: "reflector.go" });
});

it("every format is read in time that grows with the line", () => {
  const begin = performance.now();
  for (const part of ["a ", "[", "1:M ", "2026-11-30 23:38:36 [1] ", "Nov 30 ", "x - ", "\u001b[31m"])
    readLine(part.repeat(20_000));
  expect(performance.now() - begin).toBeLessThan(5_000);
});
