import { afterEach, beforeEach, expect, it } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench("same-act");
});
afterEach(() => bench.close());

it("who follows another alert's remedy leads to its thread", async () => {
  const leader = await bench.openThread();
  await bench.findAndPropose(leader.run);
  const sender = bench.sender();
  sender.start();
  await bench.quiet();
  const root = bench.bySlot().get(`${leader.thread}/head`)?.[0]?.ts ?? "";
  const follower = await bench.openThread();
  await bench.pool.query(
    `WITH ended AS (UPDATE run SET status = 'succeeded', ended_at = now(), diagnosed = true WHERE id = $1),
       found AS (INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies)
         VALUES ($1, 0, 'full', 'critical', '97 of 97 connections in use', '', '[]', '["terminateIdle"]'))
     INSERT INTO remedy (run_id, key, ord, title, risk, status, same_as_run, same_as_key)
     VALUES ($1, 'terminateIdle', 0, 'Terminate idle sessions', 'high', 'skipped', $2, 'terminateIdle')`,
    [follower.run, leader.run],
  );
  await bench.touch(follower.thread);
  sender.wake();
  await bench.quiet();
  const said = JSON.stringify(
    bench.bySlot().get(`${follower.thread}/run/${follower.run}/findings`)?.[0]?.blocks,
  );
  expect(said).toContain(`p${root.replace(".", "")}`);
  expect(said).toContain("decide there");
});
