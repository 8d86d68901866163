import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type TestAuthority, testAuthority, whyNoOpenssl } from "../helpers/certificates.ts";
import { freePort } from "../helpers/ports.ts";
import { startRedis } from "../helpers/redis-server.ts";
import { until } from "../helpers/until.ts";
import { listening, tlsWebServer, webServer } from "../helpers/web-server.ts";
import { alertOf, send } from "./support/alerts.ts";
import { CONFIGURED } from "./support/people.ts";
import { textOf } from "./support/read.ts";
import { openStage, PATIENCE_MS, type Stage } from "./support/stage.ts";
import { IDLE_MINUTES, shopDatabase } from "./support/targets.ts";

/** Faults no demo shows, each of its own system: what is asked, by which alert, and the cause people must read. */
const FAULTS = [
  ["pg-down", "pg-connectivity", "PostgresDown", /Postgres refuses the connection/],
  [
    "pg-full",
    "pg-pool-exhausted",
    "PostgresqlTooManyConnections",
    /billing.*holds the most|usable Postgres connections are taken/s,
  ],
  ["redis-noauth", "service-health", "HealthCheckFailed", /Redis wants a password, and the URL has none/],
  ["pg-locked-out", "pg-pool-exhausted", "PostgresqlTooManyConnections", /logins are refused \(53300\)/],
  ["redis-refused", "redis-connectivity", "RedisDown", /Redis refuses the connection/],
  ["http-500", "service-health", "ServiceDown", /answered 500.*database \(down\)|database \(down\)/s],
  ["http-hangs", "service-health", "EndpointDown", /accepts, never answers/],
  ["tls-expired", "tls-expiry", "CertificateExpired", /certificate expired \d+ days ago/],
  [
    "dns-missing",
    "tcp-dependency",
    "DependencyDown",
    /no\S* (?:such name|address)|does not (?:exist|resolve)|name does not exist/i,
  ],
] as const;

let stage: Stage;
let authority: TestAuthority;
const stops: (() => Promise<void>)[] = [];

describe.skipIf(whyNoOpenssl() !== undefined || inject("whyNoRedis") !== undefined)(
  "faults of no demo",
  () => {
    beforeAll(async () => {
      stage = await openStage({
        ...{ label: "faults", mode: "http", queue: "redis" },
        channels: FAULTS.map(([system]) => ({ id: channelOf(system), name: system })),
        config: { ...CONFIGURED, systems: await brokenSystems() },
      });
    });
    afterAll(async () => {
      try {
        await stage?.close();
      } finally {
        for (const stop of stops.toReversed()) await stop();
        authority?.remove();
      }
    });

    it.concurrent.each(FAULTS)("%s, asked by /diag", async (system, runbook, _alert, cause) => {
      const run = await stage.run("U0ALICE", `${system} ${runbook}`, channelOf(system));
      await said(run, system, cause);
    });

    it.concurrent.each(FAULTS)("%s, started by an alert", async (system, runbook, alertname, cause) => {
      const answer = await send(
        stage.product,
        stage.door,
        alertOf({ alertname, job: system, severity: "page" }),
      );
      expect(answer.status).toBe(200);
      const { runs } = (await answer.json()) as { runs: number[] };
      const [run = 0] = runs;
      const rows = await stage.rows("SELECT runbook FROM run WHERE id = $1", [run]);
      expect(rows).toEqual([{ runbook }]);
      await said(run, system, cause);
    });
  },
);

const channelOf = (system: string): string => `C0${system.toUpperCase().replaceAll("-", "")}`;

/** The thread names the cause, and the run has ended as one that found something (or waits for an approval). */
async function said(run: number, system: string, cause: RegExp): Promise<void> {
  const shown = await stage.thread(run, (all) => cause.test(textOf(all)), channelOf(system));
  expect(textOf(shown).toLowerCase()).not.toContain("nothing wrong");
  const rows = await until(async () => {
    const found = await stage.rows<{ status: string; findings: number }>(
      "SELECT status, (SELECT count(*)::int FROM finding f WHERE f.run_id = r.id) AS findings FROM run r WHERE id = $1",
      [run],
    );
    return ["succeeded", "waiting"].includes(found[0]?.status ?? "") && found;
  }, PATIENCE_MS);
  expect(rows[0]?.findings).toBeGreaterThan(0);
}

async function brokenSystems(): Promise<Record<string, object>> {
  const shop = await shopDatabase();
  stops.push(shop.stop);
  await shop.occupy(17, "billing");
  const redis = await startRedis(["--requirepass", "nobody-told-the-bot"]);
  stops.push(redis.stop);
  const refusing = await freePort();
  const sick = await webServer((_request, response) => {
    response.statusCode = 500;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ status: "error", components: { database: "down", queue: "ok" } }));
  });
  const silent = await listening(createServer(() => {}));
  authority = testAuthority();
  const old = await tlsWebServer(authority.issue(["IP:127.0.0.1"], -40, -10), (_request, response) => {
    response.end("ok");
  });
  for (const { close } of [sick, silent, old]) stops.push(close);
  const connections: Record<(typeof FAULTS)[number][0], object> = {
    "pg-down": { kind: "postgres", url: `postgres://app:pw@127.0.0.1:${refusing}/shop` },
    "pg-full": shop.connection,
    "pg-locked-out": { kind: "postgres", url: shop.lab.appUrl },
    "redis-refused": { kind: "redis", url: `redis://127.0.0.1:${refusing}` },
    "redis-noauth": { kind: "redis", url: redis.url, role: "cache" },
    "http-500": { kind: "http", url: `http://127.0.0.1:${sick.port}` },
    "http-hangs": { kind: "http", url: `http://127.0.0.1:${silent.port}` },
    "tls-expired": { kind: "http", url: `https://127.0.0.1:${old.port}` },
    "dns-missing": { kind: "tcp", host: "orders.nowhere.invalid", port: 5432 },
  };
  return Object.fromEntries(
    Object.entries(connections).map(([system, target]) => [
      system,
      {
        ...{ channel: channelOf(system), match: [{ job: system }], connections: { target } },
        thresholds: { idleMinutes: IDLE_MINUTES },
      },
    ]),
  );
}
