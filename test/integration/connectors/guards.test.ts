import { existsSync, linkSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterEach, expect, test } from "vitest";
import * as host from "../../../src/connectors/host/actions.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import * as http from "../../../src/connectors/http/actions.ts";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import { localMachine } from "../../../src/connectors/machine/local.ts";
import * as postgres from "../../../src/connectors/postgres/actions.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { oldFile, workFolder } from "../../helpers/host.ts";
import { startLabPostgres } from "../../helpers/postgres.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

// Each guard by itself: test/chaos/mutants.ts removes it and names the test here that must fail then.
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

test("credentials: a redirect to another origin takes none along", async () => {
  const heard: (string | undefined)[] = [];
  const other = await webServer((request, answer) => {
    heard.push(`${request.headers.authorization} ${request.headers["x-key"]}`);
    answer.end("ok");
  });
  const own = await webServer((_request, answer) =>
    answer.writeHead(302, { location: `http://127.0.0.1:${other.port}/health` }).end(),
  );
  cleanups.push(other.close, own.close);
  const bench = openBench({
    connections: {
      api: { kind: "http", url: `http://bob:pw@127.0.0.1:${own.port}`, headers: { "x-key": "quite-secret" } },
    },
    connectors: [httpConnector],
  });
  cleanups.push(bench.close);
  const seen = await bench.call(http.health());
  expect(heard).toEqual([]);
  expect(seen.redirect).toBe(`http://127.0.0.1:${other.port}/health`);
});

test("own environment: a command sees none of it", async () => {
  process.env.DIAGBOT_GUARD_CANARY = "own-secret";
  cleanups.push(() => delete process.env.DIAGBOT_GUARD_CANARY);
  const limits = { signal: new AbortController().signal, timeoutMs: 5_000, maxBytes: 100_000 };
  const { stdout } = await localMachine().run(["env"], limits);
  expect(stdout).toContain("PATH=");
  expect(stdout).not.toContain("DIAGBOT_GUARD_CANARY");
});

/** A machine whose `logs` may be cleaned, and a list of files as somebody might have made it by hand. */
function cleanable() {
  const folder = workFolder();
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const logs = join(folder, "logs");
  oldFile(join(logs, "app.log"), 10, 30);
  const bench = openBench({
    connections: { machine: { kind: "host", local: true, cleanable: [logs] } },
    connectors: [hostConnector],
  });
  cleanups.push(bench.close);
  const remove = (path: string) => {
    const { dev, ino, size, mtimeMs, blocks } = statSync(path);
    const file = {
      path,
      id: `${dev}:${ino}`,
      size,
      modifiedAt: Math.floor(mtimeMs / 1000),
      frees: blocks * 512,
    };
    return bench.call(host.removeFiles({ files: [file], olderThanDays: 7 }));
  };
  return { folder, logs, remove };
}

test("hard links: a file with another name is not removed", async () => {
  const { folder, logs, remove } = cleanable();
  const path = oldFile(join(logs, "app.log.1"), 1_000, 30);
  linkSync(path, join(folder, "precious"));
  await expect(remove(path)).rejects.toMatchObject({ code: "target_refused" });
  expect(existsSync(path)).toBe(true);
});

test("the folder's real name: nothing is removed through a symlink", async () => {
  const { folder, logs, remove } = cleanable();
  const outside = oldFile(join(folder, "outside/app.log.1"), 1_000, 30);
  symlinkSync(join(folder, "outside"), join(logs, "link"));
  await expect(remove(join(logs, "link/app.log.1"))).rejects.toMatchObject({ code: "target_refused" });
  expect(existsSync(outside)).toBe(true);
});

test("asked again at the effect: a list that was never previewed is judged, too", async () => {
  const { folder, remove } = cleanable();
  const outside = oldFile(join(folder, "outside/app.log.1"), 1_000, 30);
  await expect(remove(outside)).rejects.toMatchObject({
    code: "target_refused",
    message: expect.stringContaining("not in a cleanable folder"),
  });
  expect(existsSync(outside)).toBe(true);
});

test("superusers: their sessions are spared, even by a bot that could end them", async () => {
  const lab = await startLabPostgres();
  cleanups.push(() => lab.stop());
  // The first superuser of a cluster may replicate, too, and is spared for that already.
  await lab.admin("CREATE ROLE chief SUPERUSER NOREPLICATION LOGIN PASSWORD 'chief'");
  const chief = new URL(lab.botUrl);
  chief.username = chief.password = "chief";
  const bench = openBench({
    connections: { db: { kind: "postgres", url: lab.botUrl } },
    connectors: [postgresConnector],
  });
  cleanups.push(bench.close);
  const pidOf = async (session: pg.Client) =>
    (await session.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]!.pid;
  const [own, app] = [await lab.session("by-hand", chief.href), await lab.session("shop")];
  const [spared, ended] = [await pidOf(own), await pidOf(app)];
  const idle = await bench.call(postgres.idleSessions({ olderThanMinutes: 0 }));
  const listed = idle.sessions.map(({ pid }) => pid);
  expect(listed).toContain(ended);
  expect(listed).not.toContain(spared);
  // And when somebody names it all the same.
  const [row] = await lab.admin<{ at: string }>(
    `SELECT to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at FROM pg_stat_activity WHERE pid = $1`,
    [spared],
  );
  const call = postgres.terminateIdleSessions({
    sessions: [{ pid: spared, startedAt: row!.at }],
    idleSeconds: 0,
  });
  await bench.call(call).catch(() => {});
  expect(await pidOf(own)).toBe(spared);
});
