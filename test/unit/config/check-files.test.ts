import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "diagbot-checks-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const SYSTEMS = `systems:
  shop:
    connections:
      db: { kind: postgres, url: "postgres://bot@db/shop" }
      cache: { kind: redis, url: "redis://cache" }
      api: { kind: http, url: "http://api" }
`;
const load = (files: Readonly<Record<string, string>>, env: Record<string, string> = {}) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), name === "diagbot.yaml" ? `${SYSTEMS}${text}` : text);
  }
  return loadConfig({ env: { DATABASE_URL: "postgres://diagbot@db/diagbot", ...env }, cwd, kinds });
};
const refusal = (files: Readonly<Record<string, string>>): string => {
  try {
    load(files);
  } catch (error) {
    if (error instanceof DiagError && error.code === "bad_config") return error.message;
    throw error;
  }
  throw new Error("it was accepted");
};

const FINDINGS = "findings: [{ when: { n: { above: 1 } }, title: '{{n}}' }]";
const check = (id: string, asks = "sql: SELECT 1 AS n") =>
  `id: ${id}\ntitle: A check\n${asks}\n${FINDINGS}\n`;

describe("where checks are written", () => {
  test("in diagbot.yaml and in the files beside it, one or a list of them; each knows its place", () => {
    const { checks, warnings } = load({
      "diagbot.yaml": `checks:\n  - { id: inline, title: A, sql: SELECT 1 AS n, every: 5m, ${FINDINGS} }\n`,
      "checks/a.yaml": check("one"),
      "checks/b.yml": `- ${check("two").replaceAll("\n", "\n  ")}\n- ${check("three").replaceAll("\n", "\n  ")}`,
      "checks/notes.txt": "nothing",
    });
    expect(warnings.filter((one) => !one.includes("policies"))).toEqual([]);
    expect(checks.map(({ check: { id, every }, place }) => [id, every, place])).toEqual([
      ["inline", 300_000, "diagbot.yaml:8:5"],
      ["one", undefined, "checks/a.yaml:1:1"],
      ["two", undefined, "checks/b.yml:1:3"],
      ["three", undefined, "checks/b.yml:6:3"],
    ]);
  });

  test("in another folder; one that is named and not there is a mistake, the usual one need not be there", () => {
    expect(
      load({ "diagbot.yaml": "checksFolder: ops/checks\n", "ops/checks/a.yaml": check("one") }).checks,
    ).toHaveLength(1);
    expect(refusal({ "diagbot.yaml": "checksFolder: nowhere\n" })).toContain(
      "nowhere cannot be read: ENOENT",
    );
    rmSync(join(cwd, "ops"), { recursive: true });
    expect(load({ "diagbot.yaml": "" }).checks).toEqual([]);
  });

  test("a value of the environment is filled in, and is a secret", () => {
    const files = {
      "diagbot.yaml": "",
      "checks/a.yaml": check("one", 'redis: { n: { get: "${THE_KEY}" } }'),
    };
    const { checks, secrets } = load(files, { THE_KEY: "quite-a-secret" });
    expect(checks[0]?.check.redis).toEqual({ n: { get: "quite-a-secret" } });
    expect(secrets).toContain("quite-a-secret");
  });
});

describe("a mistake is answered with its place and what to write instead", () => {
  const inFile = (text: string) => refusal({ "diagbot.yaml": "", "checks/a.yaml": text });
  test.each([
    [
      "an unknown key",
      check("a").replace("title", "titel"),
      'checks/a.yaml:2:1: unknown key "titel"; did you mean "title"?',
    ],
    [
      "an unknown condition",
      check("a").replace("above", "abov"),
      'unknown key "abov" in findings.0.when.n; did you mean "above"?',
    ],
    [
      "two questions",
      check("a", "sql: SELECT 1\nhttp: { path: / }"),
      "exactly one of promql, sql, http, redis, command; it has sql and http",
    ],
    ["none", check("a", "on: db"), "it has none"],
    ["a line of a shell", check("a", "command: df -h"), "command: must be the name of a command"],
    ["a bad id", check("A b"), "checks/a.yaml:1:5: id: must be lower-case words joined by -"],
    [
      "an expression",
      check("a").replace("{{n}}", "{{n + 1}}"),
      '"{{n + 1}}" is no placeholder: write {{column}}',
    ],
    [
      "an unknown severity",
      check("a").replace("title: '", "severity: criticl, title: '"),
      'did you mean "critical"?',
    ],
    ["a unit nobody counts in", `${check("a")}units: { n: byte }`, 'did you mean "bytes"?'],
    ["too often", `${check("a")}every: 5s`, "checks/a.yaml:5:8: every: must be between 1m and 7d"],
    ["no duration", `${check("a")}every: soon`, "every: must be a duration such as 30s"],
    [
      "a limit that is none",
      check("a").replace("above: 1", "above: many"),
      "a number, or a duration such as 10m",
    ],
    ["range without promql", `${check("a")}range: 1h`, "range: must be used with promql only"],
    [
      "an unknown system",
      `${check("a")}systems: [shopp]`,
      'checks/a.yaml:5:11: systems.0: there is no system "shopp"; did you mean "shop"?',
    ],
    [
      "a connection nobody has",
      `${check("a")}on: dbb`,
      'on: no system has a postgres connection "dbb"; did you mean "db"?',
    ],
    [
      "a connection of another kind",
      `${check("a")}on: cache`,
      'it asks a postgres connection, and "cache" is redis',
    ],
    ["another kind", `${check("a")}on: redis`, 'it asks a postgres connection, and "redis" is redis'],
    [
      "a column nobody names",
      check("a", "redis: { m: { llen: jobs } }"),
      'findings.0.when.n: there is no column "n"; did you mean "m"?',
    ],
    [
      "a command that is not of the list",
      check("a", "redis: { n: { flushall: x } }"),
      'unknown key "flushall" in redis.n',
    ],
    [
      "a path that leads elsewhere",
      check("a", "http: { path: //evil, fields: { n: n } }"),
      "http.path: must be a path of the service",
    ],
    ["no YAML", "id: [", "checks/a.yaml:1:"],
  ])("%s", (_name, text, says) => {
    expect(inFile(text)).toContain(says);
  });

  test("the line is shown with its mark", () => {
    expect(inFile(check("a").replace("title", "titel"))).toContain("    2 | titel: A check\n      | ^");
  });

  test("two checks of one id, wherever they are", () => {
    const said = refusal({
      "diagbot.yaml": "",
      "checks/a.yaml": check("same"),
      "checks/b.yaml": check("same"),
    });
    expect(said).toContain('checks/b.yaml:1:5: id: "same" is also the check at checks/a.yaml:1:1');
  });

  test("a schedule of a system that is not there", () => {
    expect(refusal({ "diagbot.yaml": "schedules: [{ system: shopp, runbook: x, every: 5m }]" })).toContain(
      'schedules.0.system: there is no system "shopp"; did you mean "shop"?',
    );
  });

  test("a planned maintenance of a system that is not there", () => {
    const planned = "{ systems: [shop, shopp], on: daily, at: '02:00', for: 1h, reason: x }";
    expect(refusal({ "diagbot.yaml": `maintenance: [${planned}]` })).toContain(
      'maintenance.0.systems.1: there is no system "shopp"; did you mean "shop"?',
    );
  });

  test("a schedule of a runbook that is not there", () => {
    const { fits } = load({ "diagbot.yaml": "schedules: [{ system: shop, runbook: ones, every: 5m }]" });
    const runbooks = [{ id: "one", remedies: {} }] as unknown as Parameters<typeof fits>[0];
    expect(fits(runbooks).complaints).toEqual([
      'diagbot.yaml:7:13: schedules: there is no runbook "ones"; did you mean "one"?',
    ]);
  });

  test("a check that fits no system is a warning", () => {
    const { warnings } = load({ "diagbot.yaml": "", "checks/a.yaml": check("a", "promql: up") });
    expect(warnings.slice(-1)).toEqual(["checks/a.yaml:1:1: no system has what the check a asks"]);
  });
});

describe("what an http check asks for", () => {
  const http = (more: string, when = "n: { above: 1 }") =>
    `id: page\ntitle: A page\nhttp: { path: /x, ${more} }\nfindings: [{ when: { ${when} }, title: 'x' }]\n`;
  test.each([
    [
      "fields: { n: a }, text: { t: Sign in }, metrics: { m: up_total }, headers: { h: Content-Type }, samples: 3",
    ],
    ["fields: { n: a }, rows: breakers"],
  ])("%s", (more) => {
    expect(load({ "checks/page.yaml": http(more), "diagbot.yaml": "" }).checks.length).toBe(1);
  });
  test.each([
    ["fields: { n: a }, rows: ''", "", "a path such as"],
    ["text: { n: '' }", "", "text"],
    ["metrics: { n: 'up{' }", "", "the name of a metric"],
    ["headers: { n: Set-Cookie }", "", "a header that holds no secret"],
    ["headers: { n: 'a b' }", "", "the name of a header"],
    ["fields: { n: a }, text: { n: b }", "", "without a second column called n"],
    ["text: { status: b }", "", "without a second column called status"],
    ["text: { n: b }, rows: a", "", "given `fields` with `rows`"],
    ["samples: 1", "status: { equals: 1 }", "samples"],
    ["text: { n: b }", "failed: { above: 0 }", 'there is no column "failed"'],
    ["text: { n: b }", "m: { above: 0 }", 'there is no column "m"'],
    ["text: { n: b }", "n: { contains: '' }", "contains"],
  ])("refused: %s", (more, when, why) => {
    const text = http(more, when === "" ? undefined : when);
    expect(refusal({ "checks/page.yaml": text, "diagbot.yaml": "" })).toContain(why);
  });
});
