import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { commands } from "../../../commands/index.ts";
import { catalogOf, knowledgeOf } from "../../../src/app/knowledge.ts";
import { lintRunbooks } from "../../../src/cli/lint.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { connectorsOf } from "../../../src/core/rules/connections.ts";
import { routeOf } from "../../../src/core/rules/route.ts";
import { checkRun } from "../../../src/ingress/check-run.ts";
import { parse } from "../../../src/ingress/parse.ts";
import { exampleFolder, exampleSystems, loadExample } from "../../helpers/examples.ts";

const read = (system: string, name: string): string =>
  readFileSync(join(exampleFolder(system), name), "utf8");
const known = async (system: string) => {
  const config = loadExample(system);
  const { leftOut, warnings, runbooks } = knowledgeOf(config);
  return { config, leftOut, warnings, runbooks, catalog: catalogOf(config, { kinds, runbooks }) };
};
const has = (program: string): boolean => {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};
const RULES = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ alert: z.string(), labels: z.record(z.string(), z.string()) })),
    }),
  ),
});
const caller = { via: "cli", name: "test" } as const;

it("there is one for each of the five systems", () => {
  expect(exampleSystems()).toEqual(["ai-saas", "resync", "sergas-accounts", "sergas-agents", "tektra"]);
});

it("what the page about commands declares, whose every command is carried out by a test, is declared alike", () => {
  const page = parseYaml(
    readFileSync(new URL("../../../docs/commands.example.yaml", import.meta.url), "utf8"),
  );
  const mine = new Map(
    exampleSystems().flatMap((system) => commandsIn(parseYaml(read(system, "diagbot.yaml")))),
  );
  const differing = commandsIn(page).filter(([name, command]) => mine.get(name) !== command);
  expect(differing.map(([name]) => name)).toEqual([]);
});

/** Every command of a file by its name, without what only people read. */
function commandsIn(file: unknown): [string, string][] {
  const { systems } = FILE.parse(file);
  const connections = Object.values(systems).flatMap((system) => Object.values(system.connections));
  return connections.flatMap(({ commands: declared = {} }) =>
    Object.entries(declared).map(([name, command]): [string, string] => [
      name,
      JSON.stringify(command, (key, value) =>
        ["covers", "title"].includes(key) ? undefined : value,
      ).replaceAll(/\/opt\/\w+\//g, "/opt/"),
    ]),
  );
}
const FILE = z.object({
  systems: z.record(
    z.string(),
    z.object({
      connections: z.record(
        z.string(),
        z.looseObject({ commands: z.record(z.string(), z.unknown()).optional() }),
      ),
    }),
  ),
});

describe.each(exampleSystems())("docs/examples/%s", (system) => {
  it("is what diagbot check takes, without a warning", async () => {
    const { config, leftOut, warnings, runbooks } = await known(system);
    const world = {
      actions: connectorsOf(kinds).flatMap(({ actions }) => actions),
      kinds: kinds.map(({ name }) => name),
    };
    expect(leftOut).toEqual([]);
    expect([...config.warnings, ...warnings]).toEqual([]);
    expect(lintRunbooks(runbooks, world)).toEqual([]);
    expect(config.systems.map(({ id }) => id)).toEqual([system]);
    expect(config.checks.length).toBeGreaterThan(2);
  });

  it("what its page says to type can be typed", async () => {
    const { catalog } = await known(system);
    const typed = [...read(system, "README.md").matchAll(/`\/diag ([^`]+)`/g)].map(([, words = ""]) => words);
    expect(typed.length).toBeGreaterThan(5);
    for (const words of typed) {
      const intent = parse(commands, words, caller);
      if (intent.do !== "run") throw new Error(`/diag ${words} is no run`);
      expect(() => checkRun(catalog, intent, { caller, channel: "C0OPS" }), words).not.toThrow();
    }
  });

  it("routes each of its alerts to a runbook that may run on it", async () => {
    const { catalog } = await known(system);
    const { groups } = RULES.parse(parseYaml(read(system, "prometheus-rules.yaml")));
    for (const { alert, labels } of groups.flatMap(({ rules }) => rules)) {
      const routed = routeOf(catalog.routes, {
        labels: { ...labels, alertname: alert },
        annotations: {},
      });
      const runbook = routed?.runbooks?.[0] ?? "";
      const asked = { system, runbook, params: {} };
      expect(() => checkRun(catalog, asked, { caller, channel: "C0OPS" }), alert).not.toThrow();
    }
  });

  it.skipIf(!has("promtool"))("its rules are valid and fire when they should, by promtool", () => {
    const run = (...words: string[]) =>
      execFileSync("promtool", words, { cwd: exampleFolder(system), encoding: "utf8", stdio: "pipe" });
    expect(run("check", "rules", "prometheus-rules.yaml")).toContain("SUCCESS");
    expect(run("test", "rules", "prometheus-rules.test.yaml")).toContain("SUCCESS");
  });

  it("each of its alerts has a test that it fires, and one that it does not", () => {
    const alerts = [...read(system, "prometheus-rules.yaml").matchAll(/- alert: (\w+)/g)].map(
      ([, name]) => name,
    );
    const tests = read(system, "prometheus-rules.test.yaml");
    for (const name of alerts) {
      expect(tests).toMatch(new RegExp(`alertname: ${name}\\n\\s+exp_alerts:\\n\\s+- exp_labels`));
      expect(tests).toContain(`alertname: ${name}, exp_alerts: []`);
    }
  });

  it.skipIf(!has("amtool"))("its Alertmanager file is valid, by amtool", () => {
    const file = join(exampleFolder(system), "alertmanager.yml");
    expect(execFileSync("amtool", ["check-config", file], { encoding: "utf8", stdio: "pipe" })).toContain(
      "SUCCESS",
    );
  });

  it("its dashboard names metrics of its own, and panels that do not overlap", () => {
    const dashboard = DASHBOARD.parse(JSON.parse(read(system, "dashboard.json")));
    const places = dashboard.panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const variables = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard.panels).matchAll(/\$\{?(\w+)/g);
    expect([...used].map(([, name]) => name).filter((name) => !variables.includes(name ?? ""))).toEqual([]);
  });
});

const DASHBOARD = z.object({
  uid: z.string().max(40),
  title: z.string().min(1),
  schemaVersion: z.number(),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
  panels: z
    .array(
      z.object({
        id: z.int(),
        title: z.string().min(1),
        gridPos: z.object({ x: z.int().max(12), y: z.int(), w: z.literal(12), h: z.literal(8) }),
        targets: z.array(z.object({ expr: z.string().min(1), refId: z.string() })).min(1),
      }),
    )
    .min(4),
});
