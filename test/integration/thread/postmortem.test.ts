import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import type { Caller } from "../../../src/core/words/caller.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { createDoor, type Door } from "../../../src/ingress/receive.ts";
import { redactor } from "../../../src/lib/redact.ts";
import { createStore } from "../../../src/store/index.ts";
import { until } from "../../helpers/until.ts";
import { deliverTo, notification } from "../ingress/alert-fixtures.ts";
import { catalog } from "../ingress/slack-bench.ts";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
let door: Door;
const all = redactor(["hunter_2*hunter"]);
beforeEach(async () => {
  bench = await openBench("postmortem");
  const { intake, reader } = createStore(bench.pool, () => {}, { redactors: { all, known: all } });
  door = createDoor({ catalog, commands, intake, reader, logger: pino({ level: "silent" }), redact: all });
  await deliverTo(bench.pool)(notification([{ name: "db1" }]));
  await bench.pool.query("UPDATE incident SET title = 'it is hunter_2*hunter'");
  bench.sender().start();
});
afterEach(() => bench.close());

const alice: Caller = { via: "slack", name: "U0ALICE", principal: PrincipalId.parse("alice") };
const carol: Caller = { via: "slack", name: "U0CAROL" };
/** A thread holds so many of them. */
const MOST = 5;
let asked = 0;
const ask = (words: string, caller = alice, key = `p${++asked}`) =>
  door.receive(
    { source: caller.via === "cli" ? "cli" : "slack", dedupeKey: key, raw: "{}" },
    door.plan(words, caller),
    caller,
    {},
  );
const file = (n: number) => bench.bySlot().get(`1/postmortem/${n}`)?.[0]?.files?.[0];
const stored = async () => (await bench.pool.query("SELECT n, by, markdown FROM postmortem ORDER BY n")).rows;

describe("/diag postmortem", () => {
  it("puts the record as a file into the thread, without secrets; the same request twice is one file", async () => {
    expect(await ask("postmortem 1", alice, "same")).toMatchObject({ title: "Postmortem of incident #1" });
    await ask("postmortem #1", alice, "same");
    const shown = await until(() =>
      bench.slack.files().find(({ name }) => name === "incident-1-postmortem-1.md"),
    );
    const text = shown.data.toString("utf8");
    expect(text).toContain("# Postmortem: it is \\[redacted\\] (incident #1)");
    expect(text).toContain("Alert fires: DiskFull, instance=db1");
    expect(text).not.toMatch(/hunter/);
    expect(await stored()).toMatchObject([{ n: 1, by: "alice" }]);
    expect(file(2)).toBeUndefined();
  });

  it("is for those who may read what is found there", async () => {
    expect((await ask("postmortem 1", carol)).error).toMatchObject({ code: "not_allowed" });
    await bench.pool.query("UPDATE incident SET system = NULL");
    await bench.pool.query("UPDATE run SET system = 'website'");
    expect((await ask("postmortem 1", carol)).error).toMatchObject({ code: "not_allowed" });
    expect((await ask("postmortem 1")).error).toBeUndefined();
  });

  it("of no incident is refused, and so is one more than the thread holds", async () => {
    expect((await ask("postmortem 99")).error).toMatchObject({ code: "unknown_incident" });
    for (let n = 0; n < MOST; n++) expect((await ask("postmortem 1")).error).toBeUndefined();
    const over = await ask("postmortem 1");
    expect(over.error?.hint).toContain("diagbot postmortem 1");
    expect(await stored()).toHaveLength(MOST);
  });

  it("is printed on the command line, and kept nowhere", async () => {
    const cli: Caller = { via: "cli", name: "alice", principal: PrincipalId.parse("alice") };
    const reply = await ask("postmortem 1", cli);
    expect(reply.title).toMatch(/^# Postmortem: it is \\\[redacted\\\]/);
    expect(reply.title).toContain("## Reflection");
    expect(reply.data).toMatchObject({ incident: 1 });
    expect(await stored()).toEqual([]);
  });
});
