import { expect, test } from "vitest";
import { notification } from "../ingress/alert-fixtures.ts";
import { escalationRig } from "./rig.ts";

const rig = escalationRig("escalation_auto");
const steps = async () => (await rig.rows()).map(({ turn, level, state }) => `${turn}/${level} ${state}`);

/** The policy has voted for what the incident's run asks for. */
const voted = () =>
  rig.pool.query(
    `UPDATE run SET status = 'waiting', diagnosed = true WHERE id = 1;
     INSERT INTO remedy (run_id, key, ord, title, risk, status) VALUES (1, 'fix', 0, 'Fix it', 'low', 'verifying');
     INSERT INTO approval (id, run_id, remedy, plan_sha256, policy, need, expires_at, state, decided_at)
       VALUES (repeat('a', 32), 1, 'fix', 'p', '{}', 1, clock_timestamp() + interval '1 day', 'approved', clock_timestamp());
     INSERT INTO vote (approval_id, principal, decision, plan_sha256, via)
       VALUES (repeat('a', 32), 'policy auto', 'approve', 'p', 'auto')`,
  );

test("the policy's vote is nobody's answer, and what it has tried in vain waits for people", async () => {
  await rig.deliver(notification([{ name: "a" }]));
  await rig.pool.query("UPDATE incident SET severity = 'warning'");
  await voted();
  expect((await rig.incident())?.escalation?.answered).toBeUndefined();
  await rig.pass(60);
  await rig.look();
  // It is being tried: nothing waits for anybody.
  expect(await steps()).toEqual([]);
  await rig.pool.query(
    "UPDATE remedy SET status = 'failed', ended_at = clock_timestamp() - interval '10 min'",
  );
  await rig.look();
  expect(await steps()).toEqual(["0/0 shown"]);
  expect((await rig.incident())?.escalation).toMatchObject({ levels: [{ because: "waiting" }] });
});
