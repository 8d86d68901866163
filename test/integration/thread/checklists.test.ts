import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import { postmortemOf } from "../../../src/core/rules/postmortem/postmortem.ts";
import type { Caller } from "../../../src/core/words/caller.ts";
import { Checklist } from "../../../src/core/words/checklist.ts";
import { IncidentId, PrincipalId, ThreadId } from "../../../src/core/words/ids.ts";
import { createDoor, type Door } from "../../../src/ingress/receive.ts";
import { createStore, type Store } from "../../../src/store/index.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { until } from "../../helpers/until.ts";
import { notification } from "../ingress/alert-fixtures.ts";
import { catalog as plain } from "../ingress/slack-bench.ts";
import { type Bench, openBench } from "./bench.ts";

const TRIAGE = Checklist.parse({
  id: "triage",
  title: "Triage",
  items: [
    { text: "Check the pool", runbook: "pg-pool-exhausted" },
    "Review deployments <!channel>",
    "Fix it",
  ],
});
const STARR = Checklist.parse({
  id: "starr",
  title: "STARR",
  required: true,
  items: [
    { text: "What did we learn?", asks: ["reflection"] },
    { text: "Schedule the post-mortem", asks: ["owner", "due"] },
  ],
});
const catalog: Catalog = {
  ...plain,
  checklists: [TRIAGE, Checklist.parse({ id: "after", title: "After", items: ["Write it down"] }), STARR],
  systems: plain.systems.map((system) => ({ ...system, match: [{ alertname: "DiskFull" }] })),
  routes: [
    {
      number: 1,
      match: [],
      params: {},
      checklist: "triage",
    },
  ],
};

let bench: Bench;
let store: Store;
let door: Door;
beforeAll(async () => {
  bench = await openBench("checklists");
  store = createStore(bench.pool, () => {});
  const { intake, reader } = store;
  door = createDoor({ catalog, commands, intake, reader, logger: pino({ level: "silent" }) });
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.pool.query("TRUNCATE inbox, outbox, incident, run, thread RESTART IDENTITY CASCADE");
  const entry = { source: "alertmanager" as const, dedupeKey: `alert:${++asked}`, raw: "{}" };
  await door.receiveAlerts(entry, notification([{ name: "a" }]));
});

const alice: Caller = { via: "slack", name: "U0ALICE", principal: PrincipalId.parse("alice") };
const bob: Caller = { via: "slack", name: "U0BOB", principal: PrincipalId.parse("bob") };
let asked = 0;
const ask = (words: string, caller = alice) =>
  door.receive(
    { source: "slack", dedupeKey: `c${++asked}`, raw: "{}" },
    door.plan(words, caller),
    caller,
    {},
  );
const view = async () => {
  const thread = await store.reader.thread(ThreadId.parse(1));
  if (thread === undefined) throw new Error("no thread");
  return thread;
};
const items = async (id = "triage") =>
  (await view()).checklists?.find((one) => one.id === id)?.items.map(({ done }) => done?.by);
const drawn = async () => JSON.stringify(drawThread(await view(), { now: new Date(), people: [] }));

describe("a checklist", () => {
  it("is opened with the incident by its route, once, and by a person in another's thread", async () => {
    expect((await view()).checklists).toMatchObject([{ id: "triage", openedBy: "its route" }]);
    expect(await ask("checklist triage 1")).toMatchObject({ data: { opened: false } });
    expect(await ask("checklist after #1")).toMatchObject({ data: { opened: true, incident: 1 } });
    expect((await view()).checklists?.map(({ id }) => id)).toEqual(["triage", "after"]);
    expect((await ask("checklist triag 1")).error?.hint).toBe('did you mean "triage"?');
    expect((await ask("checklist triage 9")).error).toMatchObject({ code: "unknown_incident" });
  });

  it("is ticked by people, with who and when; the first of two counts, and it can be taken back", async () => {
    expect(await ask("tick 1 triage 2")).toMatchObject({ title: "Done: Review deployments <!channel>" });
    expect(await ask("tick 1 triage 2", bob)).toMatchObject({ data: { changed: false } });
    expect(await items()).toEqual([undefined, "alice", undefined]);
    await ask("tick 1 triage 2 open", bob);
    expect(await items()).toEqual([undefined, undefined, undefined]);
    const { rows } = await bench.pool.query(
      "SELECT actor, payload FROM audit WHERE event = 'checklist.ticked' ORDER BY id DESC LIMIT 2",
    );
    expect(rows.map(({ actor, payload }) => `${actor} ${JSON.parse(payload).done}`)).toEqual([
      "bob false",
      "alice true",
    ]);
  });

  it("ticks an item by itself once a run of its runbook has looked, until a person says otherwise", async () => {
    await ask("orders pg-pool-exhausted", bob);
    expect((await items())?.[0]).toBeUndefined();
    await bench.pool.query(
      "UPDATE run SET diagnosed = true, ended_at = now() WHERE runbook = 'pg-pool-exhausted'",
    );
    expect((await items())?.[0]).toMatch(/^run #\d+$/);
    await ask("tick 1 triage 1 open");
    expect((await items())?.[0]).toBeUndefined();
    await ask("tick 1 triage 1");
    expect((await items())?.[0]).toBe("alice");
  });

  it("counts no run from before the incident, of another system, or that has not looked", async () => {
    await bench.pool.query(
      `INSERT INTO run (thread_id, system, runbook, title, params, connections, caller, diagnosed, created_at)
       SELECT 1, s, 'pg-pool-exhausted', 't', '{}'::jsonb, '{}'::jsonb, '{"via":"cli","name":"x"}'::jsonb, true, now() - interval '1 hour' FROM unnest(ARRAY['orders']) s
       UNION ALL SELECT 1, 'website', 'pg-pool-exhausted', 't', '{}'::jsonb, '{}'::jsonb, '{"via":"cli","name":"x"}'::jsonb, true, now() + interval '1 s'
       UNION ALL SELECT 1, 'orders', 'pg-pool-exhausted', 't', '{}'::jsonb, '{}'::jsonb, '{"via":"cli","name":"x"}'::jsonb, false, now() + interval '1 s'`,
    );
    expect((await items())?.[0]).toBeUndefined();
  });

  it("keeps its items whatever the file says later, and has no others", async () => {
    for (const words of ["tick 1 triage 4", "tick 1 nothing 1", "tick 99 triage 1"])
      expect((await ask(words)).error, words).toBeDefined();
    expect((await ask("tick 1 nothing 1")).error?.hint).toContain("triage");
    const { rows } = await bench.pool.query("SELECT count(*)::int AS n FROM checklist_tick");
    expect(rows[0].n).toBe(0);
  });

  it("asks for words where an item wants them: an owner and a day; without them nothing is ticked", async () => {
    await ask("checklist starr 1");
    for (const words of ["", "owner=bob", "owner=bob due=soon", "date=2026-12-08"])
      expect((await ask(`tick 1 starr 2 ${words}`)).error?.code, words).toBe("not_decidable");
    expect((await ask("tick 1 starr 2")).error?.hint).toContain("/diag tick 1 starr 2 owner=… due=…");
    expect((await ask("tick 1 triage 2 well done")).error?.message).toContain("asks for nothing");
    await ask("tick 1 starr 2 owner=bob and carol due=2026-12-08");
    const starr = (await view()).checklists?.find(({ id }) => id === "starr");
    expect(starr?.items[1]?.done).toMatchObject({
      by: "alice",
      answers: { owner: "bob and carol", due: "2026-12-08" },
    });
    expect(await drawn()).toContain("bob and carol");
    await ask("tick 1 starr 2 open");
    expect((await view()).checklists?.find(({ id }) => id === "starr")?.items[1]?.done).toBeUndefined();
  });

  it("keeps an incident from being closed until all of a required one is done, and its words stand in the record", async () => {
    await ask("checklist starr 1");
    const refused = (await ask("close 1 over")).error;
    expect(refused?.message).toMatch(/^incident #1 is not closed: starr 1: What did we learn\?; starr 2: /);
    expect(await drawn()).toContain("all of it before it is closed");
    expect((await ask("tick 1 starr 1 A pool of <!channel> ten is too small")).error).toBeUndefined();
    expect((await ask("close 1 over")).error?.message).not.toContain("starr 1");
    await ask("tick 1 starr 2 owner=bob due=2026-12-08", bob);
    const { checklists = [], incident, runs } = await view();
    if (incident === undefined) throw new Error("no incident");
    const record = postmortemOf({ incident, runs, checklists, now: new Date() });
    expect(record).toMatch(/\*\*What did we learn\?\*\* \(alice\)\n\nA pool of \\<\\!channel\\> ten/);
    expect(record).toMatch(/\| Schedule the post-mortem \| bob \| 2026-12-08 \|/);
    expect(await ask("close 1 over")).toMatchObject({ title: "Incident #1 is closed" });
  });

  it("is for people of diagbot.yaml", async () => {
    const carol: Caller = { via: "slack", name: "U0CAROL" };
    for (const words of ["checklist after 1", "tick 1 triage 1"])
      expect((await ask(words, carol)).error).toMatchObject({ code: "not_allowed" });
  });

  it("is drawn with its count in the thread and at its head, and calls nobody", async () => {
    await ask("tick 1 triage 3");
    const text = await drawn();
    expect(text).toContain("📋 Triage: 1 of 3 done");
    expect(text).toContain("📋 Triage 1 of 3");
    expect(text).toContain("`pg-pool-exhausted` ticks it");
    expect(text).toContain('"value":"1/triage/2/done"');
    expect(text).toContain('"value":"1/triage/3/open"');
    expect(text).not.toContain("<!channel>");
  });

  it("is an answer to the incident: nobody further is told", async () => {
    expect((await view()).incident?.escalation?.answered).toBeUndefined();
    await ask("tick 1 triage 1");
    expect((await view()).incident?.escalation?.answered).toMatchObject({ how: "command", by: "alice" });
    expect(await store.escalations.unansweredOne(IncidentId.parse(1))).toMatchObject({
      facts: { answered: { by: "alice" } },
    });
  });
});

it("is shown in Slack, item by item", async () => {
  bench.sender().start();
  const shown = await until(() => bench.bySlot().get("1/checklist/triage")?.[0]);
  expect(JSON.stringify(shown.blocks)).toContain("checklist:tick");
});
