import { expect, test } from "vitest";
import { RunId } from "../../../src/core/words/ids.ts";
import { theIncident } from "./incident-bench.ts";
import { engineRig } from "./rig.ts";

const rig = engineRig("since_healthy");
/** A run of the runbook `brief`: 10 is too high for it, 1 is not. */
const looked = async (value: number, mode: string): Promise<RunId> => {
  rig.bench.world.value = value;
  rig.bench.world.mode = mode;
  const run = await rig.bench.submit("brief");
  await rig.bench.engine.advance(run);
  return run;
};
const tables = async (run: RunId) =>
  (await rig.view(run)).findings.flatMap(({ evidence }) =>
    evidence.flatMap((one) => (one.kind === "table" ? [{ title: one.title, rows: one.rows }] : [])),
  );

test("what is wrong says which words differ from when nothing was, also after runs that were not healthy", async () => {
  const healthy = await looked(1, "careful");
  expect((await rig.view(healthy)).findings).toEqual([]);
  const first = await looked(10, "careful");
  expect(await tables(first)).toEqual([]);
  const second = await looked(10, "bold");
  expect(await tables(second)).toEqual([
    {
      title: expect.stringMatching(new RegExp(`^Since the last healthy run \\(#${healthy}, .* UTC\\)$`)),
      rows: [["mode", "careful", "bold"]],
    },
  ]);
  // The newest that was healthy counts, and a healthy one says nothing.
  const again = await looked(1, "bold");
  expect(await tables(again)).toEqual([]);
  expect(await tables(await looked(10, "bold"))).toEqual([]);
});

test("a run that could not look at everything is no healthy one", async () => {
  const blind = await looked(1, "careful");
  await rig.pool.query("UPDATE step SET state = 'errored' WHERE run_id = $1", [blind]);
  await rig.pool.query("UPDATE run SET status = 'errored' WHERE id < $1", [blind]);
  expect(await tables(await looked(10, "bold"))).toEqual([]);
});

test("a second look says what differs by then", async () => {
  await looked(1, "careful");
  rig.bench.world.value = 10;
  const incident = theIncident(rig);
  await incident.fire({ runs: [{ runbook: "brief" }] });
  const [run = RunId.parse(1)] = await incident.workOn();
  expect(await tables(run)).toEqual([]);
  rig.bench.world.mode = "bold";
  await incident.fire({ runs: [{ runbook: "brief" }] });
  await rig.pool.query("UPDATE run SET look_again_at = now() WHERE id = $1", [run]);
  await incident.workOn();
  expect((await tables(run)).map(({ rows }) => rows)).toEqual([[["mode", "careful", "bold"]]]);
});

test("a healthy run long ago is not looked for through all that came since", async () => {
  const healthy = await looked(1, "careful");
  const past = async (runs: number) =>
    rig.pool.query(
      `INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, status, diagnosed, ended_at)
       SELECT thread_id, system, runbook, title, params, connections, caller, 'failed', true, now() FROM run, generate_series(1, $2) WHERE id = $1`,
      [healthy, runs],
    );
  await past(199);
  expect(await tables(await looked(10, "bold"))).toHaveLength(1);
  await past(1);
  expect(await tables(await looked(10, "bold"))).toEqual([]);
});
