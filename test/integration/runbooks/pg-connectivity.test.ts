import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

let lab: LabPostgres;
const benches: Bench[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  lab = await startLabPostgres();
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  for (const server of servers.splice(0)) server.close();
  await lab.endSessions();
});
afterAll(() => lab.stop());

const diagnose = (url = lab.botUrl, params: Record<string, unknown> = {}): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(pgConnectivity, params);
};

const onlyFinding = async (url: string, id: string): Promise<Diagnosis> => {
  const run = await diagnose(url);
  expect(run.findings.map((finding) => finding.id)).toEqual([id]);
  expect(run.finding(id).severity).toBe("critical");
  expect(run.advice("recover").length).toBeGreaterThan(40);
  return run;
};

async function listen(answer: (socket: Socket) => void): Promise<string> {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    answer(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return `postgres://app:app@127.0.0.1:${port}/shop`;
}

/** A server's ErrorResponse to the login. */
function refuse(socket: Socket, code: string, message: string): void {
  socket.once("data", () => {
    const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
    const head = Buffer.alloc(5);
    head.write("E");
    head.writeInt32BE(body.length + 4, 1);
    socket.end(Buffer.concat([head, body]));
  });
}

describe("pg-connectivity", () => {
  it("is silent on a healthy server", async () => {
    const run = await diagnose();
    expect(run.findings).toEqual([]);
    expect(run.seen.file).toEqual({ ok: true, value: { rows: 19_999 } });
  });

  it("tells refused, name, credentials and database apart", async () => {
    await onlyFinding("postgres://app:app@127.0.0.1:1/shop", "refused");
    await onlyFinding("postgres://app:app@no-such-host.invalid:5432/shop", "dns");
    const auth = await onlyFinding(lab.appUrl.replace("app:app", "app:wrong-secret"), "auth");
    expect(JSON.stringify(auth.findings)).not.toContain("wrong-secret");
    await onlyFinding(lab.appUrl.replace("app:app", "app"), "auth");
    await onlyFinding(lab.appUrl.replace("/shop", "/nowhere"), "no-database");
  });

  it("finds a server that takes the connection and never answers (stopped process)", async () => {
    process.kill(lab.pid(), "SIGSTOP");
    try {
      await onlyFinding(lab.botUrl, "hang");
    } finally {
      process.kill(lab.pid(), "SIGCONT");
    }
    expect((await diagnose()).findings).toEqual([]);
  });

  it("finds a server that is shutting down, a stopped one, and silence after the restart", async () => {
    const session = await lab.session("keeps-it-open");
    process.kill(lab.pid(), "SIGTERM");
    await onlyFinding(lab.botUrl, "not-ready");
    await session.end();
    await lab.pause();
    await onlyFinding(lab.botUrl, "refused");
    await lab.start();
    expect((await diagnose()).findings).toEqual([]);
  });

  it.each([
    ["57P03", "the database system is starting up", "not-ready"],
    ["53300", "sorry, too many clients already", "too-many-clients"],
    ["53300", 'too many connections for role "app"', "role-limit"],
    ["08P01", "no more connections allowed (max_client_conn)", "pooler-full"],
    ["28000", 'no pg_hba.conf entry for host "10.0.0.1", user "app"', "hba"],
    ["53100", "could not write init file: No space left on device", "disk-full"],
    ["53200", "out of memory", "out-of-memory"],
    ["57P01", "terminating connection due to administrator command", "ended"],
    ["58030", "could not read file: Input/output error", "corrupt"],
  ])("understands %s %s", async (code, message, id) => {
    await onlyFinding(await listen((socket) => refuse(socket, code, message)), id);
  });

  it("finds a peer that hangs up, and a TLS that does not fit", async () => {
    await onlyFinding(await listen((socket) => socket.once("data", () => socket.destroy())), "ended");
    await onlyFinding(`${lab.appUrl}?sslmode=verify-full`, "tls");
  });

  it("finds read-only defaults, and a standby where a primary is expected", async () => {
    await lab.admin("ALTER DATABASE shop SET default_transaction_read_only = on");
    const run = await diagnose();
    expect(run.finding("read-only").title).toContain("set for the database shop");
    expect(run.advice("findPrimary")).toContain('ALTER DATABASE "shop" RESET default_transaction_read_only');
    const elsewhere = await lab.session("dba", lab.botUrl.replace("/shop", "/postgres"));
    await elsewhere.query("ALTER DATABASE shop RESET default_transaction_read_only");
    // Of a role that only looks it says nothing of others.
    await elsewhere.query("ALTER ROLE app SET default_transaction_read_only = on");
    expect((await diagnose(lab.appUrl)).finding("read-only-role").severity).toBe("info");
    expect((await diagnose()).findings).toEqual([]);
    await elsewhere.query("ALTER ROLE app RESET default_transaction_read_only");
    expect((await diagnose(lab.botUrl, { standby: true })).findings.map(({ id }) => id)).toEqual([
      "not-a-standby",
    ]);
    await lab.pause();
    writeFileSync(join(lab.data, "standby.signal"), "");
    const { uid, gid } = statSync(lab.data);
    chownSync(join(lab.data, "standby.signal"), uid, gid);
    await lab.start();
    expect((await diagnose()).finding("in-recovery").title).toContain("25006");
    expect((await diagnose(lab.botUrl, { standby: true })).findings).toEqual([]);
    await lab.admin("SELECT pg_promote()");
    await until(async () => (await diagnose()).findings.length === 0);
    expect((await diagnose()).findings).toEqual([]);
  });

  it("finds an inactive slot and settings that wait for a restart", async () => {
    await lab.admin("SELECT pg_create_physical_replication_slot('stale', true)");
    await lab.admin("ALTER SYSTEM SET max_wal_senders = 7");
    await lab.admin("SELECT pg_reload_conf()");
    const run = await until(async () => {
      const made = await diagnose();
      return made.findings.some(({ id }) => id === "pending-restart") ? made : undefined;
    });
    expect(run.finding("pending-restart").title).toContain("max_wal_senders");
    expect(run.finding("inactive-slots").title).toContain("stale");
    expect(run.advice("freeWal")).toContain("never delete files in pg_wal");
    await lab.admin("SELECT pg_drop_replication_slot('stale')");
    await lab.admin("ALTER SYSTEM RESET max_wal_senders");
    await lab.pause();
    await lab.start();
    expect((await diagnose()).findings).toEqual([]);
  });

  it("finds slow answers", async () => {
    const slow = await listen((socket) => {
      const upstream = connect(lab.port, "127.0.0.1");
      upstream.on("error", () => {});
      socket.on("data", (chunk) => setTimeout(() => upstream.write(chunk), 60));
      upstream.on("data", (chunk) => socket.write(chunk));
      socket.on("close", () => upstream.destroy());
    });
    const run = await diagnose(slow.replace("app:app", "postgres:postgres"), { latencyMs: 50 });
    expect(run.finding("slow-answers").title).toMatch(/a trivial statement takes \d+ ms/);
  });

  const canMount = process.getuid?.() === 0 && process.platform === "linux";
  it.skipIf(!canMount)(
    "finds a full disk although the server still logs in (needs root for a small tmpfs)",
    async () => {
      const temporary = join(lab.data, "base", "pgsql_tmp");
      mkdirSync(temporary, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", temporary]);
      try {
        const run = await onlyFinding(lab.botUrl, "disk-full");
        expect(run.finding("disk-full").because).toContain("No space left on device");
      } finally {
        execFileSync("umount", [temporary]);
      }
      expect((await diagnose()).findings).toEqual([]);
    },
  );
});
