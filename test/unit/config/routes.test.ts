import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { knowledgeOf } from "../../../src/app/knowledge.ts";
import type { Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "diagbot-routes-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const SYSTEMS = `systems:
  shop:
    connections:
      main: { kind: postgres, url: "postgres://db1/shop" }
      replica: { kind: postgres, url: "postgres://db2/shop" }
  mail:
    connections: { smtp: { kind: tcp, host: m, port: 25 } }
`;

/** What `check` says of these routes: complaints and warnings with their places. */
const said = (routes: string): Promise<string[]> => saidOf(`routes:\n${routes}\n${SYSTEMS}`);

function warningsOf(config: Config, lines: (error: unknown) => string[]): readonly string[] {
  try {
    return knowledgeOf(config).warnings;
  } catch (error) {
    return lines(error);
  }
}

async function saidOf(file: string): Promise<string[]> {
  writeFileSync(join(cwd, "diagbot.yaml"), file);
  const lines = (error: unknown) =>
    (error as Error).message.split("\n").filter((line) => !line.includes(" | "));
  try {
    const config = loadConfig({ env: { DATABASE_URL: "postgres://d/d" }, cwd, kinds });
    const own = warningsOf(config, lines);
    return [...config.warnings, ...own].filter((line) => !line.includes("no policy for"));
  } catch (error) {
    return lines(error);
  }
}

describe("routes of diagbot.yaml", () => {
  it("are taken with everything a route may say", async () => {
    expect(
      await said(
        `  - { match: ['alertname=~"Pg.*Connections"', 'env!="dev"'], runbook: pg-pool-exhausted, params: { idleMinutes: 5, postgres: replica } }
  - { match: '{team="db",severity=~"warning|critical"}', runbook: [pg-locks, pg-slow-queries], system: shop, channel: C0DB, severity: critical }
  - { match: ['severity="none"'], runbook: none }
  - { match: [team=mail], system: mail }
  - { channel: C0REST }`,
      ),
    ).toEqual([]);
    const { routes } = loadConfig({ env: { DATABASE_URL: "postgres://d/d" }, cwd, kinds });
    expect(routes.map(({ number, runbooks }) => [number, runbooks])).toEqual([
      [1, ["pg-pool-exhausted"]],
      [2, ["pg-locks", "pg-slow-queries"]],
      [3, []],
      [4, undefined],
      [5, undefined],
    ]);
  });

  it.each([
    [
      "a quote",
      `  - { match: ['a="b'] }`,
      '2:15: routes.0.match.0: must be matchers of Alertmanager: the " is not closed (at character 3)',
    ],
    [
      "an operator",
      "  - { match: a==b }",
      "2:14: routes.0.match: must be matchers of Alertmanager: == is no operator",
    ],
    ["a key", "  - { macth: [a=b] }", '2:7: unknown key "macth" in routes.0; did you mean "match"?'],
    ["a shape", "  - { match: 5 }", "2:14: routes.0.match: must be a matcher or a list of them"],
    [
      "a system",
      "  - { match: a=b, system: shopp }",
      '2:27: routes.0.system: there is no system "shopp"; did you mean "shop"?',
    ],
    ["a channel", "  - { match: a=b, channel: ops }", "2:28: routes.0.channel: a channel id"],
    [
      "a runbook",
      "  - { match: a=b, runbook: pg-lock }",
      '2:28: routes.0.runbook: there is no runbook "pg-lock"; did you mean "pg-locks"?',
    ],
    ["none beside others", "  - { match: a=b, runbook: [none, pg-locks] }", 'either "none" or runbooks'],
    [
      "a parameter",
      "  - { match: a=b, runbook: pg-pool-exhausted, params: { idleMinuts: 5 } }",
      '2:57: routes.0.params: "idleMinuts" is no parameter of pg-pool-exhausted; did you mean "idleMinutes"?',
    ],
    [
      "a parameter's value",
      "  - { match: a=b, runbook: pg-pool-exhausted, params: { idleMinutes: many } }",
      "2:70: routes.0.params.idleMinutes: must be a number, not a string",
    ],
    [
      "a connection",
      "  - { match: a=b, runbook: pg-locks, params: { postgres: replik } }",
      '2:58: routes.0.params.postgres: there is no postgres connection "replik"; did you mean "replica"?',
    ],
    [
      "parameters of nothing",
      "  - { match: a=b, params: { idleMinutes: 5 } }",
      "parameters need the runbook they are for",
    ],
  ])("refuse %s that does not fit, with its place", async (_what, routes, says) => {
    expect(await said(routes)).toEqual([expect.stringContaining(says)]);
  });

  it.each([
    ["the same", [`['a="1"', 'b="2"']`, `['b="2"', 'a="1"']`], true],
    ["a superset", [`['a="1"']`, `['a="1"', 'b="2"']`], true],
    ["everything", ["[]", "['a=\"1\"']"], true],
    ["a wider expression", [`['a=~"Pg.*"']`, `['a="PgDown"']`], true],
    ["not the other way round", [`['a="PgDown"']`, `['a=~"Pg.*"']`], false],
    ["two that share it", [`['a="1"']`, `['a="2"']`, `['a=~"1|2"']`], true],
    ["two that leave something", [`['a="1"']`, `['a="2"']`, `['a=~"1|2|3"']`], false],
    ["a negation", [`['a!="3"']`, `['a=~"1|2"']`], true],
    ["another label", [`['a="1"']`, `['b="1"']`], false],
    ["an annotation is no label", [`['a="1"']`, `['annotation.a="1"']`], false],
    ["what cannot be", [`['a="1"', 'a="2"']`], true],
    ["what is and is not", [`['a=~"x.*"', 'a!~"x.*"']`], true],
    ["what an expression leaves out", [`['a=~"1|2"', 'a!~"[12]"']`], true],
  ])("say of a dead one that it is, caught by %s: %j is %j", async (_by, matches, isDead) => {
    const lines = await said(matches.map((match) => `  - { match: ${match} }`).join("\n"));
    expect(lines.filter((line) => /no alert (comes to|fits) it/.test(line))).toHaveLength(isDead ? 1 : 0);
    if (isDead) expect(lines[0]).toMatch(new RegExp(`^diagbot.yaml:${matches.length + 1}:`));
  });

  it("say that a runbook can never start on the systems it would go to", async () => {
    expect(await said("  - { match: a=b, system: mail, runbook: pg-locks }")).toEqual([
      expect.stringContaining(
        "pg-locks never starts: it needs a postgres connection, which mail does not have",
      ),
    ]);
    expect(await said("  - { match: a=b, runbook: redis-memory }")).toEqual([
      expect.stringContaining("it needs a redis connection, which no system has"),
    ]);
  });
});

describe("what a system disables or raises", () => {
  const restricted = (keys: string) => saidOf(`systems:\n  shop:\n    ${keys.replaceAll("\n", "\n    ")}\n`);

  it("is taken where it fits the runbooks", async () => {
    expect(
      await restricted(
        `runbooks: { disable: [pg-locks, service-health] }
remedies:
  pg-pool-exhausted.terminateIdle: { risk: destructive }
  pg-slow-queries.cancelStatements: { disable: true }`,
      ),
    ).toEqual([]);
  });

  it.each([
    [
      "runbooks: { disable: [pg-lock] }",
      '3:27: systems.shop.runbooks.disable.0: there is no runbook "pg-lock"; did you mean "pg-locks"?',
    ],
    [
      "remedies: { pg-pool-exhausted.terminateIdl: { disable: true } }",
      '3:17: systems.shop.remedies: there is no remedy "pg-pool-exhausted.terminateIdl"; did you mean "pg-pool-exhausted.terminateIdle"?',
    ],
    ["remedies: { terminateIdle: { disable: true } }", "; write <runbook>.<remedy>"],
    [
      "remedies: { pg-pool-exhausted.terminateIdle: { risk: low } }",
      "pg-pool-exhausted.terminateIdle has the risk high, which can be raised but not lowered",
    ],
    ["aliases: { mian: [x] }", 'systems.shop.aliases: there is no connection "mian"'],
    ["remedies: { a.b: { disabled: true } }", 'unknown key "disabled"'],
  ])("%s is refused with what may be meant", async (keys, says) => {
    expect(await restricted(keys)).toEqual([expect.stringContaining(says)]);
  });

  it("makes a route to it one that never starts", async () => {
    const file = `routes: [{ match: a=b, system: shop, runbook: service-health }]
systems: { shop: { runbooks: { disable: [service-health] } } }`;
    expect(await saidOf(file)).toEqual([
      expect.stringContaining("service-health never starts: it is disabled for shop"),
    ]);
  });
});
