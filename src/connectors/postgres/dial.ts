import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type pg from "pg";
import type { ActionContext } from "../../core/words/action.ts";
import { within } from "../../lib/deadline.ts";
import { ownLag } from "../../lib/own-lag.ts";
import { PostgresSession } from "../../lib/postgres-session.ts";
import { type Asked, timeoutAt, toPostgresError } from "./errors.ts";

const STAGE_MS = 3_000;
const PINGS = 10;

/** What a session from scratch took, in milliseconds. `dnsMs` and `tcpMs` are null for a Unix socket. */
export interface Dialled {
  readonly dnsMs: number | null;
  readonly tcpMs: number | null;
  /** TLS, authentication and the server's fork. */
  readonly loginMs: number;
  readonly pingMedianMs: number;
  readonly pingWorstMs: number;
}

/**
 * Name, TCP, login, ten `SELECT 1`: one stage after the other, so that the stage that fails is known.
 * Traps pg-timeouts, pg-exhausted-probe: pg_isready says "accepting" while every slot is taken; a real login does not.
 */
export async function dial(
  config: pg.PoolConfig,
  asked: Asked,
  { signal, timeoutMs }: ActionContext,
): Promise<Dialled> {
  const stageMs = Math.min(STAGE_MS, timeoutMs / 3);
  const session = clientOf({ ...config, connectionTimeoutMillis: stageMs, query_timeout: stageMs });
  const stop = () => void session.end().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    const path = await dialPath(session.host, session.port, stageMs);
    const loginMs = await timed(() => session.connect());
    const pings: number[] = [];
    for (let i = 0; i < PINGS; i++) {
      // A busy bot is no slow Postgres.
      const lag = await ownLag();
      pings.push(Math.max(0, (await timed(() => session.query("SELECT 1"))) - lag));
    }
    pings.sort((a, b) => a - b);
    return { ...path, loginMs, pingMedianMs: pings[PINGS / 2] ?? 0, pingWorstMs: pings[PINGS - 1] ?? 0 };
  } catch (thrown) {
    throw toPostgresError(thrown, asked);
  } finally {
    signal.removeEventListener("abort", stop);
    await session.end().catch(() => {});
  }
}

/** The driver reads the certificate files of the URL as it is made: they may not be there. */
function clientOf(config: pg.ClientConfig): pg.Client {
  try {
    return new PostgresSession(config);
  } catch (thrown) {
    throw toPostgresError(thrown);
  }
}

async function dialPath(host: string, port: number, ms: number) {
  if (host.startsWith("/")) return { dnsMs: null, tcpMs: null };
  const dnsMs = await timed(() => within(lookup(host), { ms, late: () => timeoutAt("tcp", ms) }));
  const tcpMs = await timed(() => touch(host, port, ms));
  return { dnsMs, tcpMs };
}

/** Connects and hangs up: does anybody listen there? */
const touch = (host: string, port: number, ms: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: ms });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once("connect", () => end(resolve));
    socket.once("timeout", () => end(() => reject(timeoutAt("tcp", ms))));
    socket.once("error", (error) => end(() => reject(error)));
  });

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round((performance.now() - start) * 100) / 100;
}
