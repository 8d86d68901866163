import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunId } from "../../../src/core/words/ids.ts";
import { CANARIES, SPELLED } from "../../helpers/spelled.ts";
import { until } from "../../helpers/until.ts";
import { endsWithin, leaksIn, texts } from "./canaries.ts";
import { CHANNEL, openWatched, type Watched } from "./watched.ts";

const WHOLE = texts(100_000).join(" | ");

describe("a configured secret that the text of others holds, in every spelling", () => {
  let product: Watched;
  let run: RunId;
  beforeAll(async () => {
    product = await openWatched();
    run = await everythingIsToldToIt(product);
  });
  afterAll(() => product.close());

  it("has come in through every way in", async () => {
    expect(CANARIES.length * Object.keys(SPELLED).length).toBeGreaterThan(3 * 24);
    const { rows } = await product.deps.pool.query(
      `SELECT (SELECT count(*) FROM vote WHERE reason LIKE '%[redacted]%') AS votes,
         (SELECT count(*) FROM finding WHERE run_id = $1 AND because LIKE '%[redacted]%') AS findings,
         (SELECT count(*) FROM remedy WHERE run_id = $1 AND plan LIKE '%[redacted]%') AS plans,
         (SELECT count(*) FROM remedy WHERE run_id = $1 AND advice LIKE '%[redacted]%') AS advice,
         (SELECT count(*) FROM step WHERE run_id = $1 AND error::text LIKE '%[redacted]%') AS errors,
         (SELECT count(*) FROM step WHERE run_id = $1 AND output::text LIKE '%[redacted]%') AS outputs,
         (SELECT count(*) FROM incident WHERE close_reason LIKE '%[redacted]%') AS closed,
         (SELECT count(*) FROM run WHERE params::text LIKE '%[redacted]%') AS params,
         (SELECT count(*) FROM audit WHERE event = 'freeze.on' AND payload LIKE '%[redacted]%') AS freezes`,
      [run],
    );
    for (const [what, count] of Object.entries(rows[0])) expect([what, Number(count)]).not.toEqual([what, 0]);
  });

  it("is in no row of any table", async () => {
    const { pool } = product.deps;
    const { rows: tables } = await pool.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(15);
    const leaks: string[] = [];
    for (const { name } of tables) {
      const { rows } = await pool.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${name} t`);
      leaks.push(...leaksIn(name, rows));
    }
    expect(leaks).toEqual([]);
  });

  it("is nowhere in Slack", () => {
    const { slack } = product;
    const channel = slack.messages(CHANNEL);
    const threads = channel.flatMap(({ ts }) => slack.messages(CHANNEL, { thread: ts }));
    const users = ["U0ALICE", "U0BOB"];
    expect(threads.length).toBeGreaterThan(5);
    expect(leaksIn("calls", slack.calls)).toEqual([]);
    expect(
      leaksIn(
        "answers",
        slack.deliveries.map(({ ack }) => ack),
      ),
    ).toEqual([]);
    expect(leaksIn("messages", threads)).toEqual([]);
    expect(leaksIn("files", slack.files())).toEqual([]);
    for (const user of users) {
      expect(leaksIn("ephemeral", slack.ephemerals(user))).toEqual([]);
      expect(leaksIn("home", slack.home(user)?.blocks)).toEqual([]);
      expect(leaksIn("modal", slack.view(user)?.blocks)).toEqual([]);
    }
  });

  it("is in no log line", () => {
    expect(product.said.logs.length).toBeGreaterThan(10);
    expect(leaksIn("logs", product.said.logs)).toEqual([]);
  });

  it("is in nothing the command line prints", () => {
    expect(product.said.cli.length).toBeGreaterThan(20);
    expect(leaksIn("cli", product.said.cli)).toEqual([]);
  });

  it("is in no answer of the webhook, in no health and no metric", async () => {
    expect(leaksIn("webhook", product.said.answers)).toEqual([]);
    for (const path of ["/health", "/health/ready", "/metrics"]) {
      const answer = await fetch(`${product.url}${path}`);
      expect(leaksIn(path, await answer.text())).toEqual([]);
    }
  });

  it("is in no checkpoint of the audit record, whose chain holds", async () => {
    expect(product.checkpoints()).not.toBe("");
    expect(leaksIn("checkpoints", product.checkpoints())).toEqual([]);
    const before = product.said.cli.length;
    await product.cli("audit", "verify");
    expect(product.said.cli.slice(before).join("")).toContain("ok: ");
  });

  it("still tells two alerts and two groups apart that differ in a secret only", async () => {
    const { rows } = await product.deps.pool.query(
      "SELECT count(DISTINCT incident_id) AS groups, count(*) AS alerts FROM alert_instance WHERE labels->>'alertname' = 'Twin'",
    );
    expect(rows[0]).toEqual({ groups: 2, alerts: 4 });
    const keys = await product.deps.pool.query(
      "SELECT group_key FROM incident WHERE group_key LIKE '{twin=%' ORDER BY id",
    );
    const told = expect.stringMatching(/^\{twin="\[redacted\]"\}#[0-9a-f]{16}$/);
    expect(keys.rows).toEqual([{ group_key: told }, { group_key: told }]);
    expect(keys.rows[0]).not.toEqual(keys.rows[1]);
  });
});

/** Sends the canaries in through every way in, waits until all is shown, and returns the run that was decided on. */
async function everythingIsToldToIt(product: Watched): Promise<RunId> {
  await alerts(product);
  await commands(product);
  const run = await decisions(product);
  await commandLine(product, run);
  const { pool } = product.deps;
  await until(
    async () => (await pool.query("SELECT FROM outbox WHERE kind = 'thread'")).rowCount === 0,
    120_000,
  );
  await until(() => {
    try {
      return product.checkpoints() !== "";
    } catch {
      return false;
    }
  });
  return run;
}

const alertOf = (labels: Record<string, string>, text: string) => ({
  status: "firing",
  labels: { alertname: "Echo", team: "orders", severity: `page ${text}`, ...labels },
  annotations: { summary: text, description: WHOLE, runbook_url: `https://docs/${text}` },
  startsAt: "2026-01-01T00:00:00Z",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: `http://prometheus/graph?g0.expr=${text}`,
  fingerprint: text,
});

const groupOf = (key: string, alerts: object[], text = "") => ({
  version: "4",
  groupKey: key,
  status: "firing",
  receiver: `diagbot ${text}`,
  externalURL: `http://alertmanager/${text}`,
  groupLabels: { alertname: "Echo", of: text },
  commonLabels: { alertname: "Echo", of: text },
  commonAnnotations: { summary: text },
  alerts,
});

async function alerts(product: Watched): Promise<void> {
  for (const [at, text] of texts(8_000).entries()) {
    const body = groupOf(`{of="${text}"}`, [alertOf({ of: text, at: String(at) }, text)], text);
    expect(await product.webhook(JSON.stringify(body))).toBe(200);
  }
  // Cut at every limit of the door: a beginning of a secret is one, too.
  const cut = [40, 100, 200, 300, 500, 1_000, 2_000, 8_192, 65_536].map(endsWithin);
  for (const [at, text] of cut.entries()) {
    const body = groupOf(text, [alertOf({ cut: text, severity: text, at: String(at) }, text)], text);
    expect(await product.webhook(JSON.stringify(body))).toBe(200);
  }
  const [one = "", other = ""] = CANARIES;
  const named = Object.fromEntries(CANARIES.map((secret) => [secret, "its name"]));
  expect(await product.webhook(JSON.stringify(groupOf("named", [alertOf(named, "")])))).toBe(200);
  for (const secret of [one, other]) {
    const twins = [one, other].map((label) => alertOf({ alertname: "Twin", label, secret }, ""));
    expect(await product.webhook(JSON.stringify(groupOf(`{twin="${secret}"}`, twins)))).toBe(200);
  }
  for (const text of texts(8_000)) {
    await product.webhook(text);
    await product.webhook(JSON.stringify({ ...groupOf("x", [alertOf({}, "")]), version: text }));
    await product.webhook(JSON.stringify({ ...groupOf("x", [alertOf({}, "")]), groupLabels: { [text]: 1 } }));
    const bad = { ...alertOf({}, ""), startsAt: `20260-${text}`, status: text };
    await product.webhook(JSON.stringify(groupOf(`bad ${text.length}`, [alertOf({}, ""), bad])));
  }
  await product.webhook("{}", { "content-encoding": CANARIES[0] ?? "" });
}

/** One word of a command. */
const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

async function commands({ slack }: Watched): Promise<void> {
  const say = (text: string) => slack.command("U0ALICE", CHANNEL, "/diag", text);
  for (const text of texts(1_200)) {
    for (const word of [
      "",
      "help ",
      "list ",
      "status ",
      "history ",
      "cancel ",
      "orders ",
      "orders echo ",
      "form ",
    ])
      await say(`${word}${text}`);
    await say(`freeze 1h ${quoted(text)}`);
    await say("status");
    await say("unfreeze");
    const value = quoted(text);
    await say(`orders echo note=${value}`);
    await say(`orders echo unknown=${value}`);
    await say(`orders echo for=${value} http=${value}`);
  }
  await say(`close 1 ${quoted(texts(400)[0] ?? "")}`);
  await say(`close 2 ${endsWithin(500)}`);
  await slack.openHome("U0ALICE");
}

/** A run of the alert: one remedy denied in Slack, one approved on the command line, a third has advice. */
async function decisions(product: Watched): Promise<RunId> {
  const { engine, slack, deps } = product;
  const { pool } = deps;
  const { rows: runs } = await pool.query<{ id: number }>(
    "SELECT id FROM run WHERE caller->>'via' = 'slack' ORDER BY id LIMIT 2",
  );
  for (const { id } of runs) await engine.advance(RunId.parse(id));
  const run = RunId.parse(runs[0]?.id);
  const cards = await until(async () => {
    const { rows } = await pool.query(
      "SELECT channel, ts, slot FROM slack_message WHERE slot LIKE $1 AND ts IS NOT NULL",
      [`run/${run}/remedy/%`],
    );
    return rows.length >= 2 && rows;
  });
  const cardOf = (key: string) => cards.find(({ slot }) => slot.endsWith(`/${key}`));
  const [reason = ""] = texts(480);
  await slack.click("U0BOB", cardOf("deny"), "remedy:deny");
  await slack.submit("U0BOB", { reason });
  await slack.click("U0ALICE", cardOf("approve"), "remedy:preview");
  await slack.clickInView("U0ALICE", "run:step").catch(() => {});
  await product.cli("approve", String(run), "approve", "--reason", texts(2_000)[1] ?? "");
  await until(async () => {
    await engine.advance(run);
    const view = await deps.store.reader.run(run);
    return view?.remedies.find(({ key }) => key === "approve")?.status === "succeeded";
  });
  return run;
}

async function commandLine(product: Watched, run: RunId): Promise<void> {
  const body = groupOf(WHOLE, [alertOf({ of: WHOLE }, WHOLE)], WHOLE);
  await product.cli("replay", product.file("alert.json", JSON.stringify(body)));
  await product.cli("status", String(run));
  for (const text of texts(2_000)) {
    await product.cli("status", text);
    await product.cli("run", text, "--system", "orders");
    await product.cli("run", "service-health", "--system", text);
    await product.cli("run", "service-health", "--system", "orders", "--param", text);
    await product.cli("run", "service-health", "--system", "orders", "--no-wait", "--param", `note=${text}`);
    await product.cli("deny", String(run), text, "--reason", text);
    await product.cli("deny", String(run), "human", "--as", text);
    await product.cli("answer", String(run), "approve", text);
    await product.cli("replay", text.replaceAll("\0", ""));
    await product.cli("audit", "verify", "--checkpoints", text.replaceAll("\0", ""));
    await product.cli("close", text, text);
    await product.cli(text);
    await product.cli("status", `--${text}`);
  }
  await product.cli("close", "3", ...texts(2_000).slice(0, 1));
}
