// Started by lease-keeper.ts as a thread with a loop of its own. Plain JavaScript: a thread cannot be started from TypeScript
// in every way diagbot is started. Renews the leases of the runs in hand while the main loop is silent, and ends the process
// when it has been silent for too long.
import { writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import pg from "pg";

const { databaseUrl, worker, leaseMs, silentMs, tickMs, shared } = workerData;
const [PULSE, KILLED] = [0, 1];
const numbers = new Int32Array(shared, 0, 2);
const heldAt = new BigInt64Array(shared, 8, 1);

/** Runs in hand: number to epoch. Messages are read here even while the main loop does nothing. */
const runs = new Map();
parentPort.on("message", ({ run, epoch }) => {
  if (epoch === null) runs.delete(run);
  else runs.set(run, epoch);
});

const pool = new pg.Pool({
  connectionString: databaseUrl,
  max: 1,
  application_name: "diagbot leases",
  connectionTimeoutMillis: 2_000,
  query_timeout: 5_000,
  idleTimeoutMillis: 30_000,
});
pool.on("error", () => {});

let pulse = Atomics.load(numbers, PULSE);
// Counted in ticks: a process that was frozen as a whole wakes up with one tick, not with its silence.
let silent = 0;
let renewedAt = 0;
let renewing = false;

setInterval(() => {
  const now = Atomics.load(numbers, PULSE);
  silent = now === pulse ? silent + 1 : 0;
  pulse = now;
  if (silent * tickMs >= silentMs) end();
  // The main loop renews by itself; this is for the time in which it cannot.
  if (silent > 0 && runs.size > 0 && !renewing && performance.now() - renewedAt >= leaseMs / 3) void renew();
}, tickMs);

async function renew() {
  renewing = true;
  const began = process.hrtime.bigint();
  try {
    await pool.query(
      `UPDATE run r SET lease_until = clock_timestamp() + make_interval(secs => $4)
       FROM unnest($1::int[], $2::bigint[]) AS held (id, epoch)
       WHERE r.id = held.id AND r.epoch = held.epoch AND r.owner = $3 AND r.status = 'running'
         AND r.lease_until > clock_timestamp()`,
      [[...runs.keys()], [...runs.values()], worker, leaseMs / 1000],
    );
    renewedAt = performance.now();
    Atomics.store(heldAt, 0, began);
  } catch {
    // The lease goes on until its end; the next tick tries again.
  } finally {
    renewing = false;
  }
}

function end() {
  if (Atomics.exchange(numbers, KILLED, 1) === 1) return;
  const inHand = [...runs.keys()];
  const msg = `the main loop has been blocked for ${silentMs / 1000} s: this process is ended, its runs go on elsewhere`;
  // stderr itself: the logger lives on the blocked loop.
  writeSync(2, `${JSON.stringify({ level: 60, time: Date.now(), runs: inHand, msg })}\n`);
  process.kill(process.pid, "SIGKILL");
}
