import { expect, it } from "vitest";
import { createIntake } from "../../../src/store/intake.ts";
import { auditGaps } from "../../helpers/audit-replay.ts";
import { statementsOf } from "../../helpers/statements.ts";
import { asRequest, notification } from "./alert-fixtures.ts";
import { alertsRig } from "./alerts-rig.ts";

const rig = alertsRig("alerts-together");

const group = (name: string, alerts = 3) =>
  notification(
    Array.from({ length: alerts }, (_, n) => ({ name: `${name}-${n}` })),
    { groupKey: `{}:{group="${name}"}` },
  );

const titlesOf = async (name: string) =>
  (
    await rig.pool.query<{ id: number; alerts: number; runs: number; status: string }>(
      `SELECT i.id, i.status, (SELECT count(*)::int FROM alert_instance a WHERE a.incident_id = i.id) AS alerts,
         (SELECT count(*)::int FROM run r WHERE r.incident_id = i.id) AS runs
       FROM incident i WHERE i.group_key = $1`,
      [`{}:{group="${name}"}`],
    )
  ).rows;

it("groups that come at once share transactions, and each is as if it had come alone", async () => {
  const names = Array.from({ length: 40 }, (_, n) => `crowd-${n}`);
  const sent = await statementsOf(async () => {
    const received = await Promise.all(
      names.map((name) => rig.deliver(group(name), ["disk-full", "high-memory"])),
    );
    expect(received.map(({ news, runs }) => [news, runs.length])).toEqual(names.map(() => ["opened", 2]));
    expect(new Set(received.map(({ incident }) => incident)).size).toBe(40);
  });
  expect(sent.filter((text) => text === "COMMIT").length).toBeLessThanOrEqual(4);
  for (const name of names)
    expect(await titlesOf(name)).toEqual([{ id: expect.any(Number), status: "firing", alerts: 3, runs: 2 }]);
  // Known, changed and new ones beside each other.
  const later = await Promise.all([
    ...names.slice(0, 10).map((name) => rig.deliver(group(name))),
    ...names.slice(10, 20).map((name) => rig.deliver(group(name, 4))),
    ...names.slice(0, 10).map((name) => rig.deliver(group(`late-${name}`))),
  ]);
  expect(later.map(({ news }) => news)).toEqual([
    ...Array.from({ length: 10 }, () => "repeated"),
    ...Array.from({ length: 10 }, () => "updated"),
    ...Array.from({ length: 10 }, () => "opened"),
  ]);
  expect(await auditGaps(rig.pool)).toEqual([]);
});

it("copies of one group, and groups that share an alert, come one after the other", async () => {
  // What is at work already leaves the copies to be taken together.
  const busy = ["busy-1", "busy-2"].map((name) => rig.deliver(group(name)));
  const copies = await Promise.all(Array.from({ length: 8 }, () => rig.deliver(group("copies"))));
  await Promise.all(busy);
  expect(copies.map(({ news }) => news).sort()).toEqual([
    "opened",
    ...Array.from({ length: 7 }, () => "repeated"),
  ]);
  expect(await titlesOf("copies")).toHaveLength(1);
  const shared = await Promise.all(
    ["one", "two", "three"].map((name) =>
      rig.deliver(notification([{ name: "shared" }], { groupKey: `{}:{group="shared-${name}"}` })),
    ),
  );
  expect(new Set(shared.map(({ incident }) => incident)).size).toBe(1);
});

it("one that cannot be stored costs none of the others that came with it", async () => {
  const intake = createIntake({ pool: rig.pool, onCommit: () => {} });
  const names = Array.from({ length: 12 }, (_, n) => `beside-${n}`);
  const ends = await Promise.allSettled(
    names.map((name, n) =>
      intake.receiveAlerts(
        { source: "alertmanager", dedupeKey: `beside:${n}`, raw: "{}" },
        { ...asRequest(group(name)), ...(n === 5 ? { channel: null as unknown as string } : {}) },
      ),
    ),
  );
  expect(ends.map(({ status }) => status)).toEqual(names.map((_, n) => (n === 5 ? "rejected" : "fulfilled")));
  for (const [n, name] of names.entries()) expect(await titlesOf(name)).toHaveLength(n === 5 ? 0 : 1);
  expect(await auditGaps(rig.pool)).toEqual([]);
});

it("one that another process holds up is waited for alone, and so is an incident that is being changed", async () => {
  const known = await rig.deliver(group("changing"));
  const held = group("held");
  const holder = await rig.standsStill(held);
  await holder.query("SELECT FROM incident WHERE id = $1 FOR UPDATE", [known.incident]);
  const waiting = [rig.deliver(held), rig.deliver(group("changing", 4))];
  let came = 0;
  for (const one of waiting) void one.then(() => (came += 1));
  const free = await Promise.all(Array.from({ length: 20 }, (_, n) => rig.deliver(group(`free-${n}`))));
  expect(free.map(({ news }) => news)).toEqual(free.map(() => "opened"));
  expect(came).toBe(0);
  await holder.query("COMMIT");
  expect((await Promise.all(waiting)).map(({ news }) => news)).toEqual(["opened", "updated"]);
});
