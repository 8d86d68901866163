import { expect, it } from "vitest";
import { textOf } from "../support/read.ts";
import type { Setup } from "./setup.ts";

/** Last: what was written until now is searched. */
export function secretScenarios(setup: () => Setup): void {
  it("a service that prints our own credentials back does not make us print them", async () => {
    const { stage, website } = setup();
    const well = website.answer;
    website.answer = (request, response) => {
      response.statusCode = 500;
      response.setHeader("content-type", "text/plain");
      response.end(`denied: ${JSON.stringify(request.headers)} password=${website.secrets[0]}`);
    };
    const run = await stage.run("U0BOB", "website");
    // Head and findings are two messages: the excerpt comes with the second.
    const shown = await stage.thread(run, (all) => textOf(all).includes("[redacted]"));
    website.answer = well;
    expect(textOf(shown)).toContain("500");
  });

  it("no secret is in any message, row or log line", async () => {
    const { stage, secrets } = setup();
    const tables = await stage.rows<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
       WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(15);
    const places = new Map<string, string>([
      ["Slack", JSON.stringify([stage.slack.calls, stage.slack.deliveries.map(({ ack }) => ack)])],
      ["messages", JSON.stringify(stage.messages())],
      ["logs", stage.product.logs()],
    ]);
    for (const { name } of tables) {
      const rows = await stage.rows<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
      places.set(name, rows.map(({ text }) => text).join("\n"));
    }
    expect(secrets.length).toBeGreaterThan(7);
    const leaks = [...places].flatMap(([place, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`),
    );
    expect(leaks).toEqual([]);
  });
}
