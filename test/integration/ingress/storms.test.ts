import { beforeAll, expect, it } from "vitest";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { createMessageStore } from "../../../src/store/thread/messages.ts";
import { textOf } from "./slack-bench.ts";
import { describeDoor, doorRig } from "./slack-rig.ts";

const rig = doorRig("storms");

/** A storm of alert groups on two systems and on none. */
beforeAll(async () => {
  const { rows } = await rig.pool.query<{ thread: number }>(
    `WITH t AS (INSERT INTO thread (channel) SELECT 'C0OPS' FROM generate_series(1, 60) RETURNING id),
     i AS (INSERT INTO incident (thread_id, group_key, receiver, title, system, severity, status)
       SELECT id, 'g' || id, 'r', 'Disk full on app-' || id,
         CASE id % 3 WHEN 0 THEN 'orders' WHEN 1 THEN 'website' END,
         CASE WHEN id <= 5 THEN 'critical' ELSE 'warning' END, CASE WHEN id > 50 THEN 'resolved' ELSE 'firing' END
       FROM t RETURNING id, thread_id),
     a AS (INSERT INTO alert_instance (labels_sha256, starts_at, incident_id, labels, annotations, status)
       SELECT 'x' || id, now(), id, jsonb_build_object('zone', 'eu-' || id % 2), '{}', 'firing' FROM i)
     SELECT thread_id AS thread FROM i`,
  );
  const threads = rows.map(({ thread }) => ThreadId.parse(thread));
  await createMessageStore(rig.pool).fold("C0OPS", threads, 40);
});

const numbersIn = (text: string): number[] =>
  [...text.matchAll(/#(\d+)/g)].map(([, digits]) => Number(digits)).toSorted((a, b) => a - b);

let next = 10;

describeDoor(rig, (door) => {
  const ask = async (user: string, words: string) =>
    textOf(await door.bench.slack.command(user, "C0OPS", "/diag", words));

  it("lists the groups of a storm, what fires and is critical first, and says what is left out", async () => {
    const said = await ask("U0ALICE", "storm");
    expect(said).toContain("60 alert groups");
    expect(said).toContain("and 20 more");
    expect(numbersIn(said.slice(0, said.indexOf("#6")))).toEqual([1, 2, 3, 4, 5]);
  });

  it("finds those that all words fit", async () => {
    const said = await ask("U0ALICE", "storm CRITICAL zone=eu-1 firing");
    expect(said).toContain("3 alert groups of 60");
    expect(numbersIn(said)).toEqual([1, 3, 5]);
    expect(await ask("U0ALICE", "storm app-55")).toContain("resolved");
    expect(await ask("U0ALICE", "storm nothing-of-the-kind")).toContain("0 alert groups of 60");
  });

  it("shows strangers the groups of systems that everybody may read, and no others", async () => {
    const said = await ask("U0CAROL", "storm");
    expect(said).toContain("20 alert groups");
    expect(numbersIn(said).every((n) => n % 3 === 1)).toBe(true);
  });

  it("gives a group a thread of its own, once, and writes down who wanted it", async () => {
    next += 1;
    const which = next;
    expect(await ask("U0CAROL", `open ${which}`)).toContain("may not give an incident a thread of its own");
    expect(await ask("U0ALICE", `open ${which}`)).toContain(`Incident #${which} gets a thread of its own`);
    expect(await ask("U0ALICE", `open #${which}`)).toContain("has a thread of its own already");
    const { rows } = await rig.pool.query(
      "SELECT actor FROM audit WHERE event = 'thread.unfolded' AND payload::jsonb ->> 'thread' = (SELECT thread_id::text FROM incident WHERE id = $1)",
      [which],
    );
    expect(rows).toEqual([{ actor: "alice" }]);
    expect(await ask("U0ALICE", "open 4711")).toContain("there is no incident #4711");
  });
});
