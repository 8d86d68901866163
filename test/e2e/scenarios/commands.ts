import { expect, it } from "vitest";
import { OPS } from "../support/people.ts";
import { buttonsOf, isHealthy, textOf } from "../support/read.ts";
import { PATIENCE_MS } from "../support/stage.ts";
import { ORDERS, type Setup } from "./setup.ts";

/** What people type and fill in. */
export function commandScenarios(setup: () => Setup): void {
  it.concurrent("a healthy system is one short message and asks for nothing", async () => {
    const { stage } = setup();
    const run = await stage.run("U0DAVE", "website");
    const shown = await stage.thread(run, isHealthy);
    expect(shown).toHaveLength(1);
    expect(shown.flatMap(buttonsOf).filter(({ actionId }) => actionId !== "run:details")).toEqual([]);
    expect(textOf(shown).length).toBeLessThan(600);
  });

  it.concurrent("parameters are read, and refused with all complaints at once", async () => {
    const { stage } = setup();
    const run = await stage.run(
      "U0ALICE",
      'orders pg-pool-exhausted idleMinutes=600 application="night jobs"',
    );
    const rows = await stage.rows("SELECT params, caller->>'principal' AS who FROM run WHERE id = $1", [run]);
    expect(rows).toEqual([
      { params: { idleMinutes: 600, application: "night jobs", atMost: 50 }, who: "alice" },
    ]);
    const refused = await stage.ask(
      "U0ALICE",
      "orders pg-pool-exhausted idleMinutes=soon atMost=51 colour=red",
    );
    for (const name of ["idleMinutes", "atMost", "colour"]) expect(refused).toContain(name);
  });

  it.concurrent.each([
    ["ordrs", /did you mean `?\/diag orders/],
    ["stauts", /did you mean `?\/diag status/],
    ["orders pg-pool-exausted", /did you mean \/diag orders pg-pool-exhausted/],
    ["pg-locks orders", /did you mean \/diag orders pg-locks/],
    ["orders pg-pool-exhausted idleMinute=5", /did you mean "?idleMinutes/],
    ["website pg-locks", /needs a postgres connection, website has none/],
    ["cancel 99999", /no run #99999/],
    ['orders "pg-locks', /quote " is not closed/],
  ])("/diag %s is answered with what to do", async (words, says) => {
    const { stage } = setup();
    const said = await stage.ask("U0BOB", words);
    expect(said.replaceAll("\n", "")).toMatch(says);
    expect(said).not.toMatch(/\bat .*\.ts:\d+/);
  });

  it.concurrent.each([
    ["help", /\/diag cancel <run>/],
    ["help pg-locks", /waitingSeconds/],
    ["list", /orders.*postgres/],
    ["list orders", /pg-pool-exhausted/],
    ["status", /run|There are no runs yet/],
    ["history website", /website/],
  ])("/diag %s", async (words, says) => {
    const { stage } = setup();
    expect((await stage.ask("U0DAVE", words)).replaceAll("\n", " ")).toMatch(says);
  });

  it.concurrent("the form: system, runbook, parameters, a complaint at its field, a run", async () => {
    const { stage } = setup();
    const { slack } = stage;
    await slack.command("U0ERIN", ORDERS, "/diag");
    expect(slack.view("U0ERIN")?.callback_id).toBeDefined();
    const inputs = (): readonly (string | undefined)[] =>
      slack.view("U0ERIN")?.blocks.map(({ block_id }) => block_id) ?? [];
    const actionOf = (at: number): string => {
      const block = slack.view("U0ERIN")?.blocks[at];
      return block?.type === "input" && "action_id" in block.element ? (block.element.action_id ?? "") : "";
    };
    await slack.selectInView("U0ERIN", actionOf(0), "orders");
    await slack.waitFor(() => inputs().length >= 2, PATIENCE_MS);
    await slack.selectInView("U0ERIN", actionOf(1), "pg-pool-exhausted");
    await slack.waitFor(() => inputs().length >= 5, PATIENCE_MS);
    const field = (name: string): string => {
      const id = inputs().find((block) => block?.endsWith(`/${name}`));
      if (id === undefined) throw new Error(`no input for ${name}: ${inputs().join(", ")}`);
      return id;
    };
    const refused = await slack.submit("U0ERIN", { [field("application")]: "x".repeat(300) });
    expect(refused.response_action).toBe("errors");
    expect(Object.keys(refused.errors ?? {})).toEqual([field("application")]);
    await slack.submit("U0ERIN", { [field("application")]: "form", [field("idleMinutes")]: "30" });
    const said = await stage.told("U0ERIN", /Run #\d+: Postgres connection pool/);
    const run = Number(/Run #(\d+)/.exec(said)?.[1]);
    const rows = await stage.rows("SELECT params FROM run WHERE id = $1", [run]);
    expect(rows).toEqual([{ params: { application: "form", idleMinutes: 30, atMost: 50 } }]);
    await stage.thread(run, ([head]) => /nothing wrong|ended|took \d/i.test(textOf(head?.blocks)), ORDERS);
  });

  it.concurrent("a check of diagbot.yaml is listed, explained, run and shown like a runbook", async () => {
    const { stage } = setup();
    expect(await stage.ask("U0DAVE", "list orders")).toContain("missing-tables");
    expect(await stage.ask("U0DAVE", "help missing-tables")).toContain("Tables that are missing");
    const run = await stage.run("U0DAVE", "orders missing-tables");
    const shown = await stage.thread(run, (messages) =>
      messages.some(({ blocks }) => textOf(blocks).includes("./migrate up")),
    );
    expect(shown.map(({ blocks }) => textOf(blocks)).join("\n")).toContain("0 tables called invoices");
  });

  it.concurrent("Details shows every step to whoever asks", async () => {
    const { stage } = setup();
    const run = await stage.run("U0BOB", "website", OPS);
    const [head] = await stage.thread(run, ([first]) =>
      textOf(first?.blocks).toLowerCase().includes("nothing wrong"),
    );
    if (head === undefined) throw new Error("no head");
    await stage.click("U0BOB", head, "run:details");
    await stage.slack.waitFor(
      (slack) => textOf(slack.view("U0BOB")?.blocks).includes("http.health"),
      PATIENCE_MS,
    );
    await stage.slack.close("U0BOB", { all: true });
  });
}
