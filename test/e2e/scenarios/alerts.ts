import { expect, it } from "vitest";
import { alertOf, groupOf, send } from "../support/alerts.ts";
import { OPS } from "../support/people.ts";
import { buttonsOf, isHealthy, liveParts, textOf, threadOfRun, threadWhere } from "../support/read.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import { ORDERS, type Setup } from "./setup.ts";

interface Stored {
  readonly incident: number;
  readonly news: string;
  readonly runs: number[];
}

const stored = async (response: Response): Promise<Stored> => {
  expect(response.status).toBe(200);
  return (await response.json()) as Stored;
};

/** What Alertmanager starts. */
export function alertScenarios(setup: () => Setup): void {
  it.concurrent("alert, diagnosis, refused and granted approval, remedy, verification, summary", async () => {
    const { stage, orders } = setup();
    await orders.occupy(15, "reports");
    const alert = alertOf({ alertname: "PostgresTooManyConnections", job: "orders", severity: "critical" });
    const { runs, news } = await stored(await send(stage.product, stage.door, alert));
    expect(news).toBe("opened");
    const [run = 0] = runs;

    const card = await stage.card(run, "Terminate sessions that have been idle for long", ORDERS);
    const found = textOf(await stage.thread(run, (all) => textOf(all).includes("by client"), ORDERS));
    expect(found).toContain("usable Postgres connections are taken");
    expect(found).toContain("reports");
    expect(buttonsOf(card).map(({ actionId }) => actionId)).toEqual([
      "remedy:approve",
      "remedy:deny",
      "remedy:preview",
    ]);
    expect(textOf(card.blocks)).toContain("<@U0BOB>");

    await stage.click("U0CAROL", card, "remedy:approve");
    await stage.told("U0CAROL", /does not know you/);
    await stage.click("U0ERIN", card, "remedy:approve");
    await stage.told("U0ERIN", /needs the role oncall/);
    expect(await orders.sessions("reports")).toBe(15);

    await stage.click("U0BOB", card, "remedy:approve");
    await stage.thread(run, (all) => textOf(all).includes("✅ Done and verified"), ORDERS);
    expect(await orders.sessions("reports")).toBe(0);
    const ended = await stage.thread(run, (all) => textOf(all).includes(`Run ${run} has ended`), ORDERS);
    expect(textOf(ended)).toMatch(/Situation: .*Task: .*Action: .*approved by bob.*Result: .*Reflection: /s);

    const answer = await send(stage.product, stage.door, {
      ...alert,
      status: "resolved",
      alerts: alert.alerts.map((one) => ({ ...one, status: "resolved", endsAt: new Date().toISOString() })),
    });
    expect((await stored(answer)).runs).toEqual([]);
    const after = await stage.thread(run, ([head]) => /^✅ Resolved/.test(textOf(head?.blocks)), ORDERS);
    expect(after.map(({ ts }) => ts)).toEqual(ended.map(({ ts }) => ts));
  });

  it.concurrent("repeats, permutations and copies of peers are absorbed; the head follows the group", async () => {
    const { stage } = setup();
    const group = groupOf({ alertname: "PodDown", job: "website" }, new Date().toISOString());
    const first = await stored(await send(stage.product, stage.door, group));
    const [run = 0] = first.runs;
    await stage.thread(run, ([head]) => textOf(head?.blocks).toLowerCase().includes("nothing wrong"));
    const copies = [
      group,
      { ...group, alerts: group.alerts.toReversed() },
      { ...group, externalURL: "http://alertmanager-1:9093", alerts: group.alerts.slice(1, 3) },
      { ...group, groupKey: "{}/{peer}:{}" },
    ];
    for (const copy of copies)
      expect(await stored(await send(stage.product, stage.door, copy))).toMatchObject({
        ...{ incident: first.incident, news: "repeated", runs: [] },
      });
    const [one, ...rest] = group.alerts;
    const mixed = {
      ...group,
      alerts: [{ ...one, status: "resolved", endsAt: new Date().toISOString() }, ...rest],
    };
    await send(stage.product, stage.door, JSON.stringify(mixed));
    const shown = await stage.thread(run, ([head]) => textOf(head?.blocks).includes("3 firing, 1 resolved"));
    expect(shown).toHaveLength(1);
    const heads = stage.slack.messages(OPS).filter((message) => textOf(message.blocks).includes("PodDown"));
    expect(heads).toHaveLength(1);
  });

  it.concurrent("hostile labels come out as text", async () => {
    const { stage } = setup();
    const hostile = {
      summary:
        "<!channel> <@U0BOB> `rm -rf /` \u202egnp.exe <https://evil.example|bank> *bold* &lt;!here&gt;",
      description: `${"A".repeat(10_000)}<!everyone>`,
    };
    const alert = alertOf(
      {
        alertname: "Hostile <!channel>\u202e",
        job: "website",
        instance: "<@U0ALICE>`\n>quote",
        pod: `${"x".repeat(10_000)}<!here>`,
        severity: '"},{"type":"button","action_id":"remedy:approve"',
      },
      { annotations: hostile },
    );
    const { runs } = await stored(await send(stage.product, stage.door, alert));
    const [run = 0] = runs;
    const shown = await stage.thread(run, isHealthy);
    // The one link is the address of the query that Prometheus names; no word of labels and annotations is one.
    expect(shown.flatMap(liveParts)).toEqual([expect.stringContaining('"text":"Graph (vm:19090)"')]);
    expect(shown.flatMap(buttonsOf).map(({ actionId }) => actionId)).toEqual(["run:details"]);
    const text = textOf(shown.map(({ blocks }) => blocks)) + shown.map(({ text: words }) => words).join();
    expect(text).toContain("Hostile");
    expect(text).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
  });

  it.concurrent("an alert nobody's system matches is shown and starts nothing", async () => {
    const { stage } = setup();
    const alert = alertOf({ alertname: "SomebodyElses", job: "unknown" });
    expect((await stored(await send(stage.product, stage.door, alert))).runs).toEqual([]);
    const about = (slack: typeof stage.slack) =>
      threadWhere(slack, OPS, (root) => textOf(root.blocks).includes("SomebodyElses"));
    const shown = await stage.slack.waitFor((slack) => about(slack).length > 0 && about(slack), PATIENCE_MS);
    expect(textOf(shown)).toContain("no system matches");
    expect(shown.flatMap(buttonsOf)).toEqual([]);
  });

  it.concurrent("an alert may name its runbook in an annotation", async () => {
    const { stage } = setup();
    const alert = alertOf(
      { alertname: "Anything", job: "logs" },
      { annotations: { runbook_url: "https://runbooks.example/disk-full.md" } },
    );
    const [run = 0] = (await stored(await send(stage.product, stage.door, alert))).runs;
    const rows = await stage.rows<{ runbook: string }>("SELECT runbook FROM run WHERE id = $1", [run]);
    expect(rows).toEqual([{ runbook: "disk-full" }]);
    await stage.slack.waitFor((slack) => threadOfRun(slack, OPS, run).length > 0, PATIENCE_MS);
  });
}
