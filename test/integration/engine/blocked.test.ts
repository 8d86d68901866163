import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, test } from "vitest";
import type { RunId } from "../../../src/core/words/ids.ts";
import { createLeaseKeeper } from "../../../src/store/index.ts";
import { bob } from "../../helpers/engine-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("blocked");

const databaseUrl = (): string => rig.pool.options.connectionString ?? "";
/** The lease is over, as if its worker had died. */
const expire = (run: RunId) =>
  rig.pool.query("UPDATE run SET lease_until = now() - interval '1 s' WHERE id = $1", [run]);
const claimsOf = async (run: RunId): Promise<number> =>
  (await rig.pool.query("SELECT FROM audit WHERE run_id = $1 AND event = 'run.claimed'", [run])).rowCount ??
  0;
/** Workers that take the run and are never heard of again. */
const loseLeases = async (run: RunId, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) {
    expect(await rig.bench.store.runs.claim(run, `dead-${i}`, 60_000)).toBeDefined();
    await expire(run);
  }
};

describe("a step that blocks the loop of its worker", () => {
  test("for longer than the lease does not lose it: the lease is renewed from a thread", async () => {
    const leaseMs = 3_000;
    const keeper = createLeaseKeeper({
      databaseUrl: databaseUrl(),
      worker: "busy",
      leaseMs,
      silentMs: 600_000,
    });
    try {
      rig.bench.world.block = () => {
        const end = performance.now() + leaseMs * 1.5;
        while (performance.now() < end);
      };
      const run = await rig.bench.submit("blocking");
      await rig.bench.another("busy", { leaseMs, keeper }).advance(run);
      expect((await rig.view(run)).status).toBe("succeeded");
      expect(await claimsOf(run)).toBe(1);
    } finally {
      await keeper.stop();
    }
  });

  test("for ever ends the worker; the third time the run ends, and its neighbour does not", async () => {
    const [run, neighbour] = [await rig.bench.submit("blocking"), await rig.bench.submit("quiet")];
    const worker = async (name: string): Promise<NodeJS.Signals | number | null> => {
      const env = { ...process.env, DATABASE_URL: databaseUrl(), WORKER: name, RUNS: `${run},${neighbour}` };
      const child = spawn(process.execPath, ["--import", "tsx", "test/helpers/blocked-worker.ts"], {
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
      const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      if (signal !== null) expect(said).toContain("the main loop has been blocked for 1 s");
      await Promise.all([expire(run), expire(neighbour)]);
      return signal ?? code;
    };
    for (const name of ["first", "second", "third"]) expect(await worker(name)).toBe("SIGKILL");
    expect(await worker("fourth")).toBe(0);
    expect(await rig.view(run)).toMatchObject({
      status: "errored",
      error: { code: "worker_stopped", message: "it stopped its worker 3 times" },
    });
    await rig.bench.engine.advance(neighbour);
    expect((await rig.view(neighbour)).status).toBe("succeeded");
  });
});

describe("a run that loses its lease three times without a recorded step", () => {
  test("ends errored, and its open cards with it", async () => {
    const run = await rig.proposed();
    await loseLeases(run, 3);
    expect((await rig.view(run)).status).toBe("running");
    await rig.bench.engine.advance(run);
    expect(await rig.view(run)).toMatchObject({ status: "errored", error: { code: "worker_stopped" } });
    expect(await rig.remedy(run)).toMatchObject({ status: "errored", approval: { state: "void" } });
  });

  test("goes on where a step was recorded in between, or only twice", async () => {
    const run = await rig.bench.submit("level");
    await loseLeases(run, 2);
    await rig.bench.engine.advance(run);
    await loseLeases(run, 2);
    await rig.bench.engine.advance(run);
    expect((await rig.view(run)).status).toBe("waiting");
  });

  test("asks a person about a write under way instead of ending, and does not ask the target", async () => {
    const run = await rig.proposed();
    rig.bench.world.next = ["never-arrives"];
    await rig.bench.vote(run, "guarded", bob);
    await rig.bench.engine.advance(run);
    await rig.pool.query(
      "UPDATE step SET effect_deadline = now() - interval '1 min' WHERE run_id = $1 AND state = 'unknown'",
      [run],
    );
    await loseLeases(run, 3);
    rig.bench.world.probe = { verdict: "done", evidence: "the probe was asked" };
    await rig.bench.engine.advance(run);
    const { status, note } = await rig.remedy(run);
    expect(status).toBe("unknown");
    expect(note).toContain("stopped the worker 3 times");
    expect((await rig.view(run)).status).toBe("waiting");
  });

  test("is worked alone: a worker takes one such run at a time", async () => {
    const [first, second] = [await rig.bench.submit("quiet"), await rig.bench.submit("quiet")];
    await loseLeases(first, 2);
    const { runs } = rig.bench.store;
    expect(await runs.claim(first, "w", 5_000, false)).toBeUndefined();
    expect(await runs.claim(second, "w", 5_000, false)).toBeDefined();
    expect(await runs.claim(first, "w", 5_000, true)).toMatchObject({ lostLeases: 2 });
  });
});
