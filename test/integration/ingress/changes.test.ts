// The door for changes over a real store: what it takes, what it refuses, and where it is seen.
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { ThreadId } from "../../../src/core/words/ids.ts";
import { createChangesDoor } from "../../../src/ingress/changes/webhook.ts";
import { standardRoutes } from "../../../src/ingress/http/routes.ts";
import { createHttpServer } from "../../../src/ingress/http/server.ts";
import { createDoor } from "../../../src/ingress/receive.ts";
import { createStore, openPool, type Pool } from "../../../src/store/index.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { type FreshDatabase, freshDatabase } from "../../helpers/database.ts";
import { deliverTo, notification } from "./alert-fixtures.ts";
import { catalog } from "./slack-bench.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const logger = pino({ level: "silent" });
let database: FreshDatabase;
let pool: Pool;
let store: ReturnType<typeof createStore>;
let door: ReturnType<typeof createDoor>;
let server: ReturnType<typeof createHttpServer>;
let url: string;

beforeAll(async () => {
  database = await freshDatabase("changes");
  pool = openPool(database.url);
  store = createStore(pool, () => {});
  door = createDoor({ catalog, commands, intake: store.intake, reader: store.reader, logger });
  server = createHttpServer({
    logger,
    routes: standardRoutes({
      changes: createChangesDoor({ token: TOKEN, door, logger }),
      health: async () => ({ status: "ok", ready: true, components: {} }),
      metrics: async () => ({ contentType: "text/plain", text: "" }),
    }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  url = `http://127.0.0.1:${port}/webhooks/changes`;
});
afterAll(async () => {
  await server.close(1_000);
  await pool.end();
  await database.drop();
});

beforeEach(async () => {
  await pool.query("DELETE FROM change");
});

const send = async (body: unknown, token = TOKEN) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as Record<string, unknown>) };
};
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const ofAnother = () =>
  pool.query(
    "INSERT INTO change (key, system, kind, title, at) VALUES ('x', 'other', 'deploy', 'not ours', now() - interval '5 min')",
  );
const rows = async () => (await pool.query("SELECT title, at FROM change ORDER BY id")).rows;

test("one, a list and an object of them are taken; told twice it is one, by its id or by all it says", async () => {
  const deploy = { system: "orders", kind: "deploy", title: "orders 1.42", at: ago(30), by: "alice" };
  expect(await send(deploy)).toEqual({ status: 200, noted: 1, new: 1 });
  expect(await send([deploy, { ...deploy, title: "orders 1.43" }])).toEqual({
    status: 200,
    noted: 2,
    new: 1,
  });
  const flag = { system: "orders", kind: "flag", title: "checkout on", id: "flag-7" };
  expect(await send({ changes: [flag] })).toMatchObject({ new: 1 });
  expect(await send({ changes: [{ ...flag, title: "said otherwise" }] })).toMatchObject({ new: 0 });
  expect((await rows()).map(({ title }) => title)).toEqual(["orders 1.42", "orders 1.43", "checkout on"]);
});

test("what is no change is refused with its place, and nothing of it is kept", async () => {
  const before = (await rows()).length;
  const good = { system: "orders", title: "good" };
  for (const [body, words] of [
    ["{", /not JSON/],
    [{}, /system: .*title: /],
    [[good, { ...good, kind: "party" }], /1\.kind: /],
    [{ changes: [{ ...good, at: "yesterday" }] }, /changes\.0\.at: /],
    [{ ...good, link: "javascript:alert(1)" }, /link: /],
    [[good, { ...good, system: "ordres" }], /there is no system "ordres" \(change 2\)/],
    [{ ...good, at: "0000-01-01T00:00:00Z" }, /at: a time since 1970/],
    [[], /the body: /],
  ] as const) {
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 400, error: "bad_change", reason: expect.stringMatching(words) });
  }
  expect(await send(good, "x".repeat(32))).toMatchObject({ status: 401, error: "unauthorized" });
  expect(await send(`[${"1,".repeat(200_000)}1]`)).toMatchObject({ status: 413 });
  expect((await rows()).length).toBe(before);
});

test("a time to come is now; secrets do not reach a row", async () => {
  await send({ system: "orders", title: "DB_PASSWORD=hunter2hunter2 set", at: "2099-01-01T00:00:00Z" });
  await send({
    system: "orders",
    title: "\u0000\ud800",
    by: "\u0000x",
    link: "https://u:hunter2hunter2@ci/1",
  });
  expect(
    (await pool.query("SELECT title, by, link FROM change ORDER BY id DESC LIMIT 1")).rows[0],
  ).toMatchObject({
    by: "x",
    link: null,
  });
  const last = (await rows()).at(-2);
  expect(last.title).not.toContain("hunter2hunter2");
  expect(last.at.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
});

test("the thread of what fires shows what was changed from two hours before it began, of its own system", async () => {
  const { thread } = await deliverTo(pool)(notification([{ name: "a" }]));
  const head = async () => {
    const view = await store.reader.thread(ThreadId.parse(thread));
    if (view === undefined) throw new Error("no thread");
    return JSON.stringify(drawThread(view, { now: new Date(), people: [] })[0]);
  };
  expect(await head()).not.toContain("Changed lately");
  await pool.query("DELETE FROM outbox");
  const { opened_at: opened } = (await pool.query("SELECT opened_at FROM incident")).rows[0];
  const before = (minutes: number) => new Date(opened.getTime() - minutes * 60_000).toISOString();
  await send([
    {
      system: "orders",
      kind: "deploy",
      title: "orders 1.44",
      at: before(12),
      by: "alice",
      link: "https://ci/44",
    },
    { system: "orders", title: "long ago", at: before(130) },
  ]);
  await ofAnother();
  expect((await pool.query("SELECT kind, id FROM outbox")).rows).toEqual([{ kind: "thread", id: thread }]);
  const drawn = await head();
  expect(drawn).toMatch(
    /Changed lately.*12 min before it began: deploy orders 1\.44 by alice.*https:\/\/ci\/44/,
  );
  expect(drawn).not.toMatch(/long ago|not ours/);
});

test("`/diag changes` lists the last day, and says how to tell of them where nobody did", async () => {
  const caller = { via: "cli" as const, name: "alice" };
  const ask = (n: number) =>
    door.receive(
      { source: "cli", dedupeKey: `c${n}`, raw: "" },
      { do: "changes", system: "orders" },
      caller,
      {},
    );
  await send([
    { system: "orders", kind: "deploy", title: "orders 1.44", at: ago(12) },
    { system: "orders", title: "long ago", at: ago(130) },
  ]);
  await ofAnother();
  const listed = await ask(1);
  expect(listed.title).toBe("2 changes of orders in the last day");
  expect(JSON.stringify(listed.data)).toMatch(/orders 1\.44.*long ago/);
  await pool.query("DELETE FROM change");
  const none = await ask(2);
  expect(JSON.stringify(none)).toMatch(/Nobody told of a change of orders.*\/webhooks\/changes/);
});

test("what was told long ago is forgotten with the runs", async () => {
  await send([
    { system: "orders", title: "old" },
    { system: "orders", title: "new" },
  ]);
  await pool.query("UPDATE change SET received_at = now() - interval '100 days' WHERE title = 'old'");
  await store.sweep.pruneThreads(90 * 86_400_000);
  expect((await rows()).map(({ title }) => title)).toEqual(["new"]);
});
