import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";

const example = readFileSync(new URL("../../../docs/diagbot.example.yaml", import.meta.url), "utf8");
const env = {
  DATABASE_URL: "postgres://diagbot:own-secret@db/diagbot",
  SERGAS_DATABASE_URL: "postgres://bot:db%2Dsecret@10.0.0.4:5432/sergas",
  SERGAS_REDIS_URL: "redis://:cache-secret@10.0.0.4:6379/0",
  SERGAS_PGBOUNCER_URL: "postgres://watch:pool-secret@10.0.0.4:6432/pgbouncer",
};
let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "diagbot-config-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const load = (yaml: string, more: Record<string, string> = {}) => {
  writeFileSync(join(cwd, "diagbot.yaml"), yaml);
  return loadConfig({ env: { ...env, ...more }, cwd, kinds });
};
const refusal = (yaml: string, more: Record<string, string> = {}): string[] => {
  try {
    load(yaml, more);
  } catch (error) {
    if (error instanceof DiagError && error.code === "bad_config") return error.message.split("\n");
    throw error;
  }
  throw new Error("it was accepted");
};
const people = "people:\n  ann: { slack: [U0ANN], roles: [oncall] }\n";
const system = (connection: string) => `systems:\n  shop:\n    connections:\n      x: ${connection}\n`;

describe("diagbot.yaml", () => {
  it("takes the example of the docs, without a warning", () => {
    const config = load(example);
    expect(config.warnings).toEqual([]);
    expect(config.systems.map((one) => one.id)).toEqual(["sergas-agents"]);
    expect(config.systems[0]?.connections.postgres?.settings).toEqual({
      kind: "postgres",
      url: env.SERGAS_DATABASE_URL,
    });
    expect(config.policies.high).toMatchObject({ approvals: 1, expires: 1_800_000, execute: 600_000 });
    expect(config.people.find((person) => person.id === "bob")?.roles).toEqual(["oncall", "dba"]);
    expect(config.slackChannel).toBe("C0OPS");
    expect(config.limits).toEqual({ writesPerSystemHour: 30, simultaneousWrites: 5, commandsPerMinute: 30 });
    expect(config.freeze).toEqual({ unfreeze: ["oncall"], askAgainAfter: 3_600_000 });
    expect(config.systems[0]?.readers).toEqual(["oncall", "dba"]);
    expect(config.path).toBe(join(cwd, "diagbot.yaml"));
  });

  it.each([
    [
      "a second person with one account",
      "  bob: { login: [root@web1] }\n",
      "",
      "root@web1 is also ann's account",
    ],
    ["a reader nobody is", "", "systems:\n  shop: { readers: [oncal] }\n", 'did you mean "oncall"?'],
    ["a role nobody has", "", "freeze: { unfreeze: [onkall] }\n", 'did you mean "oncall"?'],
  ])("refuses %s", (_what, person, more, says) => {
    const ann = "people:\n  ann: { slack: [U0ANN], roles: [oncall], login: [root] }\n";
    expect(refusal(`${ann}${person}${more}`).join("\n")).toContain(says);
  });

  it("knows every secret, in the forms it may be printed in", () => {
    const config = load(
      `${example}
  other:
    connections:
      api: { kind: http, url: "https://o.example/?api_key=param-secret", headers: { Authorization: "Bearer head-secret" } }
`,
      { SLACK_BOT_TOKEN: "xoxb-secret", SLACK_SIGNING_SECRET: "sign-with-this-secret" },
    );
    for (const secret of [
      ...[
        "own-secret",
        "db-secret",
        "db%2Dsecret",
        "cache-secret",
        "pool-secret",
        "xoxb-secret",
        "sign-with-this-secret",
      ],
      ...["param-secret", "Bearer head-secret", "head-secret"],
    ])
      expect(config.secrets).toContain(secret);
    expect(config.secrets).not.toContain("");
  });

  it("lists every complaint of environment and file at once, with places", () => {
    const lines = refusal(
      `slak: { channel: C1OPS }
people:
  ann: { slack: [U0ANN], role: [oncall] }
policies:
  low: { approvals: 0, from: [oncall] }
systems:
  shop:
    conections: {}
    connections:
      db: { kind: postgress, url: "postgres://h/d" }
      mail: { kind: tcp, host: h, port: many }
      lost: { kind: redis }
`,
      { DATABASE_URL: "" },
    );
    expect(lines.filter((line) => !line.includes(" | "))).toEqual([
      "DATABASE_URL is not set: a Postgres of diagbot's own, postgres://user:password@host:5432/diagbot",
      'diagbot.yaml:1:1: unknown key "slak"; did you mean "slack"?',
      'diagbot.yaml:3:26: unknown key "role" in people.ann; did you mean "roles"?',
      "diagbot.yaml:5:21: policies.low.approvals: too small: expected number to be >=1",
      'diagbot.yaml:8:5: unknown key "conections" in systems.shop; did you mean "connections"?',
      'diagbot.yaml:10:19: systems.shop.connections.db.kind: "postgress" is not known; did you mean "postgres"?',
      "diagbot.yaml:11:41: systems.shop.connections.mail.port: must be a number, not a string",
      "diagbot.yaml:12:13: systems.shop.connections.lost.url: is missing",
    ]);
    expect(lines.slice(1, 4)).toEqual([
      'diagbot.yaml:1:1: unknown key "slak"; did you mean "slack"?',
      "    1 | slak: { channel: C1OPS }",
      "      | ^",
    ]);
  });

  it("forgets nothing unless it is told to, and never what may still be looked at", () => {
    expect(load(people).keep).toEqual({});
    expect(load(`${people}keep: { runs: 90d }\n`).keep).toEqual({ runs: 90 * 86_400_000 });
    expect(refusal(`${people}keep: { runs: 2d }\n`).join()).toContain("at least 7d");
  });

  it("finds unknown keys inside connections and thresholds", () => {
    expect(refusal(system("{ kind: http, url: 'http://h', helth: /h }"))[0]).toContain(
      'did you mean "health"?',
    );
    expect(refusal("systems:\n  shop: { thresholds: { cpus: 0.5 } }\n")[0]).toContain('did you mean "cpu"?');
    expect(refusal(system("{ kind: redis, url: 'redis://h', role: cach }"))[0]).toContain(
      'did you mean "cache"?',
    );
  });

  it("says where YAML itself is broken", () => {
    expect(refusal("people:\n  ann: [\nsystems: {}\n")[0]).toMatch(/^diagbot\.yaml:\d+:\d+: /);
    expect(refusal("people: {}\npeople: {}\n")[0]).toContain("diagbot.yaml:2:1: Map keys must be unique");
    expect(refusal("- a\n- b\n")[0]).toContain("the file: must be a map, not a list");
  });

  it("refuses a few lines that stand for more than memory holds, and what is nested without end", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (const [at, name] of [..."bcdefghi"].entries()) {
      const before = "abcdefghi"[at];
      lines.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(", ")}]`);
    }
    expect(refusal(lines.join("\n"))[0]).toMatch(/diagbot.yaml:1:1: too many aliases/);
    expect(refusal("[".repeat(100_000))[0]).toMatch(/nested too deeply/);
  });

  it("takes a URL of several hosts where the kind has them, and knows its password", () => {
    const url = "mongodb://bot:several-secret@10.0.0.8:27017,10.0.0.9:27018/?replicaSet=rs0";
    const config = load(system(`{ kind: mongodb, url: "${url}" }`));
    expect(config.systems[0]?.connections.x?.face.endpoint).toEqual({
      host: "10.0.0.8",
      port: 27_017,
      tls: false,
    });
    expect(config.secrets).toContain("several-secret");
    expect(refusal(system('{ kind: rabbitmq, url: "http://a:1,b:2/" }'))[0]).toContain("must be a URL");
  });

  it("fills in variables, keeps escaped ones, and names the ones that are missing once", () => {
    const config = load(
      system(`{ kind: http, url: "http://\${HOST_NAME}/$\${x}", health: "/\${HOST_NAME}" }`),
      {
        HOST_NAME: "shop.example",
      },
    );
    expect(config.systems[0]?.connections.x?.settings).toMatchObject({
      url: "http://shop.example/$".concat("{x}"),
      health: "/shop.example",
    });
    const lines = refusal(system(`{ kind: postgres, url: "\${NO_SUCH_URL}" }`));
    expect(lines[0]).toBe("diagbot.yaml:4:33: the environment variable NO_SUCH_URL is not set");
    expect(lines).toHaveLength(3);
    expect(refusal(system(`{ kind: postgres, url: "\${A-B}" }`))[0]).toContain(
      "does not name an environment variable",
    );
  });

  it("never repeats a credential of the file", () => {
    const lines = refusal(system("{ kind: postgres, url: 'mysql://u:file-secret@h/d', extra: 1 }"));
    expect(lines.join("\n")).not.toContain("file-secret");
  });

  it.each([
    ["{ kind: postgres, url: 'http://h' }", "postgres:// or postgresql://"],
    ["{ kind: redis, url: 'h:6379' }", "redis:// or rediss://"],
    ["{ kind: http, url: 'ftp://h' }", "http:// or https://"],
    ["{ kind: prometheus, url: 'prometheus' }", "http:// or https://"],
  ])("checks the URL of %s", (connection, says) => {
    expect(refusal(system(connection))[0]).toContain(says);
  });

  it.each([
    [
      `${people}policies:\n  low: { approvals: 1, from: [oncal] }\n`,
      'the role "oncal"; did you mean "oncall"?',
    ],
    [`${people}policies:\n  high: { approvals: 2, from: [oncall] }\n`, "2 approvals are wanted, but only 1"],
    ["policies:\n  low: { approvals: 1, from: [oncall] }\n", 'has the role "oncall"'],
    [`${people}  bob: { slack: [U0ANN] }\n`, "U0ANN is also ann's Slack account"],
    [
      `${people}policies:\n  low: { approvals: 1, from: [oncall], breakGlass: { from: [boss], channel: C0OPS } }\n`,
      'the role "boss"',
    ],
    [
      `${people}policies:\n  low: { approvals: 1, from: [oncall], breakGlass: { from: [oncall], channel: ops } }\n`,
      "a channel id",
    ],
    ["limits: { simultaneousWrites: 0 }\n", "limits.simultaneousWrites: too small"],
    ["people:\n  ann: { slack: [ann] }\n", "a Slack member id"],
    ["slack: { channel: '#ops' }\n", "a channel id"],
    ["systems:\n  shop: { channel: ops }\n", "a channel id"],
    ["systems:\n  shop: { contacts: [{ name: DB, channel: db }] }\n", "a channel id"],
    ["systems:\n  'a b': {}\n", "a system's name is letters"],
    [
      `${people}policies:\n  low: { approvals: 1, from: [oncall], expires: soon }\n`,
      "a duration such as 30s",
    ],
  ])("refuses %j", (yaml, says) => {
    expect(refusal(yaml).join("\n")).toContain(says);
  });

  it("warns of what is allowed but hardly meant", () => {
    const { warnings } = load(
      `${people}policies:
  high: { approvals: 1, from: [oncall] }
systems:
  one: { match: [{ job: shop }] }
  two: { match: [{ job: shop }, {}] }
`,
    );
    const text = warnings.join("\n");
    expect(text).toContain("diagbot.yaml:7:18: systems.two.match.0: one has the same match");
    expect(text).toContain("an empty match fits no alert");
    expect(text).toContain("exactly 1 may vote on high remedies");
    expect(text).toContain("no policy for destructive remedies");
  });

  it("says how to make the file where there is none", () => {
    try {
      loadConfig({ env: { ...env, DIAGBOT_CONFIG: "nowhere.yaml" }, cwd, kinds });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "bad_config",
        hint: expect.stringContaining("diagbot.example.yaml"),
      });
      expect(String(error)).toContain("there is no nowhere.yaml");
    }
  });
});
