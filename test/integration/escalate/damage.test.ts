import { afterEach, describe, expect, test } from "vitest";
import { Escalation } from "../../../src/core/words/escalation.ts";
import { Webhook } from "../../../src/core/words/webhook.ts";
import { redactor } from "../../../src/lib/redact.ts";
import { type TestServer, webServer } from "../../helpers/web-server.ts";
import { notification } from "../ingress/alert-fixtures.ts";
import { bob, escalationRig, first } from "./rig.ts";

const rig = escalationRig("damage");
const open: TestServer[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A tracker as Jira answers: the number of what was opened, and 204 for a comment. */
async function tracker(opens: () => { status: number; body: string }) {
  const got: { path: string; body: { fields?: Record<string, string>; body?: string }; key: unknown }[] = [];
  const server = await webServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      got.push({ path: request.url ?? "", body: JSON.parse(text), key: request.headers.authorization });
      const answer = request.url === "/rest/api/2/issue" ? opens() : { status: 204, body: "" };
      response.writeHead(answer.status).end(answer.body);
    });
  });
  open.push(server);
  const url = `http://127.0.0.1:${server.port}/rest/api/2/issue`;
  const helpdesk = Webhook.parse({
    kind: "ticket",
    url,
    headers: { authorization: "Bearer tracker-secret-1" },
    body: { fields: { project: "OPS", summary: "{title} on {system}", description: "{because}\n{record}" } },
    id: "key",
    link: "https://tracker.example.com/browse/{id}",
    update: { url: `${url}/{id}/comment`, body: { body: "{because}" } },
  });
  const common = Escalation.parse({
    ...{ after: "10m", to: [{ user: "U0BOSS" }], remind: "4h" },
    severities: { critical: { to: [] } },
    damage: { "data-loss": { to: [{ webhook: "helpdesk" }] }, security: { to: [] } },
  });
  const more = {
    escalations: { common, systems: {} },
    webhooks: { helpdesk },
    redact: redactor(["hunter2-hunter2"]),
  };
  return { got, look: () => rig.look(more) };
}
const OPENED = () => ({ status: 201, body: JSON.stringify({ id: "10001", key: "OPS-7" }) });

/** An alert of whose severity nobody is told, and a run of it that has found something. */
async function found(damage: string | null) {
  await rig.deliver(notification([{ name: "a" }]));
  await rig.pool.query(
    `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, status, caller, stages_planned, diagnosed)
     VALUES (1, 1, 'shop', 'pg-connectivity', 'Postgres', '{}', '{}', 'succeeded', '{"via":"alert","name":"Alertmanager"}', 1, true)`,
  );
  await tell(damage);
}
const tell = (damage: string | null, ord = 0) =>
  rig.pool.query(
    `INSERT INTO finding (run_id, ord, id, severity, title, because, evidence, remedies, damage)
     VALUES (1, $2::int, 'f' || $2::int::text, 'critical', '3 pages failed the checksum', 'hunter2-hunter2 was in it', '[]', '[]', $1)`,
    [damage, ord],
  );
const levels = async () => (await rig.incident())?.escalation?.levels ?? [];
const notices = async () =>
  (await rig.pool.query<{ text: string }>("SELECT text FROM notice ORDER BY thread_id")).rows.map(
    ({ text }) => text,
  );

describe("harm that a finding tells of", () => {
  test("opens a ticket at once, though the severity asks for nobody, and is recorded as the reason", async () => {
    const { got, look } = await tracker(OPENED);
    await found("data-loss");
    await look();
    await look();
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ path: "/rest/api/2/issue", key: "Bearer tracker-secret-1" });
    const { summary = "", description = "" } = got[0]?.body.fields ?? {};
    expect(summary).toContain(" on ");
    expect(description).toMatch(/^Data was lost or damaged\n# Postmortem: /);
    expect(description).toContain("3 pages failed the checksum");
    expect(description).not.toContain("hunter2");
    expect(await levels()).toMatchObject([
      {
        ...{ because: "damage", damage: "data-loss", state: "sent", said: "opened OPS-7" },
        ticket: { id: "OPS-7", link: "https://tracker.example.com/browse/OPS-7" },
      },
    ]);
    expect((await rig.audit("incident.escalated")).map(({ payload }) => JSON.parse(payload))).toMatchObject([
      { because: "damage", damage: "data-loss" },
    ]);
  });

  test("of no declared kind, or that nobody is to hear of, opens none; neither does what is gone", async () => {
    const { got, look } = await tracker(OPENED);
    await found(null);
    await tell("security", 1);
    await tell("performance", 2);
    await tell("data-loss", 3);
    await rig.pool.query("UPDATE finding SET gone_at = clock_timestamp() WHERE ord = 3");
    await look();
    expect([got.length, (await levels()).length]).toEqual([0, 0]);
  });

  test("is told though somebody has the incident, and no more once somebody has answered since", async () => {
    const { got, look } = await tracker(OPENED);
    await rig.deliver(notification([{ name: "a" }]));
    await rig.ack();
    await rig.pass(1);
    await rig.pool.query(
      `INSERT INTO run (thread_id, incident_id, system, runbook, title, params, connections, status, caller, stages_planned, diagnosed)
       VALUES (1, 1, 'shop', 'pg-connectivity', 'Postgres', '{}', '{}', 'succeeded', '{"via":"alert","name":"Alertmanager"}', 1, true)`,
    );
    await tell("data-loss");
    await look();
    expect(got.map(({ path }) => path)).toEqual(["/rest/api/2/issue"]);
    // That it had been answered before is no news to who was told of the harm.
    await look();
    expect(got).toHaveLength(1);
    await rig.pool.query(
      "INSERT INTO incident_answer (incident_id, turn, how, by) VALUES (1, 0, 'reply', 'U0BOB')",
    );
    await look();
    expect(got.map(({ path }) => path).at(-1)).toBe("/rest/api/2/issue/OPS-7/comment");
  });
});

describe("a ticket", () => {
  test("is spoken of while it is open, as often as said, and is told the end", async () => {
    const { got, look } = await tracker(OPENED);
    await found("data-loss");
    await look();
    await rig.pass(239);
    await look();
    expect(await notices()).toEqual([]);
    await rig.pass(2);
    await Promise.all([look(), look()]);
    expect(await notices()).toEqual([expect.stringMatching(/^⏰ Ticket OPS-7 of incident #1 is still open/)]);
    // Another process that has found it due, too, comes too late.
    await rig.store.escalations.remind(first, 0, 0, 4 * 3_600_000);
    await look();
    expect(await notices()).toHaveLength(1);
    await rig.store.intake.acknowledge(
      { source: "slack", dedupeKey: "x", raw: "" },
      { incident: first, by: bob, words: "" },
    );
    await look();
    await rig.deliver(notification([{ name: "a", status: "resolved" }]));
    await look();
    await look();
    expect(got.slice(1).map(({ path, body }) => [path, body.body])).toEqual([
      ["/rest/api/2/issue/OPS-7/comment", "bob has it"],
      ["/rest/api/2/issue/OPS-7/comment", "every alert is resolved"],
    ]);
    await rig.pass(600);
    await look();
    expect(await notices()).toHaveLength(1);
  });

  test.each([
    ["an answer without its number", () => ({ status: 201, body: "{}" }), "unknown"],
    ["an answer that breaks", () => ({ status: 500, body: "" }), "unknown"],
    ["a refusal", () => ({ status: 400, body: '{"errors":"project"}' }), "failed"],
  ])(
    "is opened once: after %s no second one, and nothing is said of it there",
    async (_what, answer, state) => {
      const { got, look } = await tracker(answer);
      await found("data-loss");
      await look();
      await rig.pass(5);
      await look();
      await rig.deliver(notification([{ name: "a", status: "resolved" }]));
      await look();
      expect([got.length, (await levels())[0]?.state]).toEqual([1, state]);
    },
  );

  test("words of others in it stay words: they neither end a text nor become another field", async () => {
    const { got, look } = await tracker(OPENED);
    await found("data-loss");
    await rig.pool.query(`UPDATE finding SET title = '"},"x":{"{link}' WHERE ord = 0`);
    await look();
    expect(Object.keys(got[0]?.body ?? {})).toEqual(["fields"]);
    expect(Object.keys(got[0]?.body.fields ?? {})).toEqual(["project", "summary", "description"]);
    expect(got[0]?.body.fields?.description).toContain("\\{link\\}");
  });
});
