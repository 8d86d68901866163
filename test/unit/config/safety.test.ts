import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { hostReach } from "../../../src/config/public-host.ts";
import { environmentConcerns, fileConcerns } from "../../../src/config/safety.ts";
import { fileSchema } from "../../../src/config/schema.ts";
import { weakness } from "../../../src/config/weak-secret.ts";
import { kinds } from "../../../src/connectors/index.ts";

const DATABASE_URL = "postgres://diagbot:hush-hush@db/diagbot";
const RANDOM = "9f1c0d7e5b3a8642c0ffee1122aab9d4";

const ofEnvironment = (variables: Record<string, string>): string[] => {
  const { environment, complaints } = readEnvironment({ DATABASE_URL, ...variables });
  expect(complaints).toEqual([]);
  return environmentConcerns(environment!, kinds).map(({ level, message }) => `${level} ${message}`);
};
const ofFile = (file: object): string[] =>
  fileConcerns(fileSchema(kinds).parse(file), kinds).map(
    ({ level, path, message }) => `${level} ${path?.join(".")}: ${message}`,
  );
const ofConnection = (connection: object): string[] =>
  ofFile({ systems: { shop: { connections: { x: connection } } } });
const policy = (more: object) => ({ approvals: 2, from: ["oncall"], ...more });

describe("secrets anybody could guess", () => {
  it.each([
    ["t".repeat(40), "one character again and again"],
    ["changemechangemechangemechangeme", "an example's value"],
    ["CHANGE_ME_CHANGE_ME_CHANGE_ME_12", "an example's value"],
    ["your-alertmanager-token-goes-here", "an example's value"],
    ["<openssl rand -hex 32, please do it>", "an example's value"],
    ["0123456789abcdef0123456789abcdef", "an example's value"],
    ["k3j9k3j9k3j9k3j9k3j9k3j9k3j9k3j9", "one piece again and again"],
    ["abababbabaabababbbaabababaabbbab", "a few characters only"],
  ])("%s", (secret, why) => {
    expect(weakness(secret) ?? "").toContain(why);
  });

  it("no random secret is called one, in any usual spelling", () => {
    for (let n = 0; n < 500; n++)
      for (const encoding of ["hex", "base64", "base64url"] as const)
        expect(weakness(createHash("sha256").update(`secret ${n}`).digest(encoding))).toBeUndefined();
  });

  it("of our own doors are refused, without the value", () => {
    expect(ofEnvironment({ ALERTMANAGER_TOKEN: RANDOM })).toEqual([]);
    const said = ofEnvironment({
      ALERTMANAGER_TOKEN: "changeme".repeat(4),
      SLACK_BOT_TOKEN: "xoxb-1",
      SLACK_SIGNING_SECRET: "s".repeat(32),
    });
    expect(said).toEqual([
      expect.stringMatching(/^refuse ALERTMANAGER_TOKEN is an example's value/),
      expect.stringMatching(/^refuse SLACK_SIGNING_SECRET is one character/),
      expect.stringMatching(/^warn SLACK_SIGNING_SECRET does not look like/),
    ]);
    expect(said.join()).not.toMatch(/changeme|ssss/);
  });

  it("short ones are no secret at all", () => {
    const short = { ALERTMANAGER_TOKEN: RANDOM.slice(1), SLACK_SIGNING_SECRET: RANDOM.slice(17) };
    expect(readEnvironment({ DATABASE_URL, SLACK_BOT_TOKEN: "xoxb-1", ...short }).complaints).toHaveLength(2);
  });

  it("a local Slack signs with what it likes; the real one with 32 hexadecimal digits", () => {
    const slack = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_SIGNING_SECRET: "a-signing-word-of-mine" };
    expect(ofEnvironment(slack).join()).toContain("32 hexadecimal");
    expect(ofEnvironment({ ...slack, SLACK_API_URL: "http://127.0.0.1:1/api/" })).toEqual([]);
  });

  it("of our own database are warned of where others can reach it", () => {
    const weak = (host: string) => ofEnvironment({ DATABASE_URL: `postgres://diagbot:changeme@${host}/d` });
    expect(weak("localhost")).toEqual([]);
    expect(weak("10.0.0.4")).toEqual([
      "warn the password in DATABASE_URL is an example's value, not a secret",
    ]);
  });
});

describe("what can be read on the way", () => {
  it.each([
    ["127.0.0.1", "private"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["172.32.0.1", "address"],
    ["100.64.0.9", "private"],
    ["8.8.8.8", "address"],
    ["[::1]", "private"],
    ["[fd00::1]", "private"],
    ["[::ffff:10.0.0.1]", "private"],
    ["[2606:4700::1111]", "address"],
    ["prometheus", "private"],
    ["db.shop.svc.cluster.local", "private"],
    ["vault.internal.", "private"],
    ["api.example.com", "name"],
    ["internal.example.com", "name"],
  ])("%s is %s", (host, reach) => {
    expect(hostReach(host)).toBe(reach);
  });

  it.each([
    [{ kind: "http", url: "http://10.0.0.5:8000" }, []],
    [{ kind: "http", url: "https://api.example.com" }, []],
    [{ kind: "http", url: "http://api.example.com" }, ["warn"]],
    [{ kind: "http", url: "http://api.example.com", headers: { Authorization: "Bearer x" } }, ["warn"]],
    [{ kind: "http", url: "http://8.8.8.8", headers: { "x-api-key": "x" } }, ["refuse"]],
    [{ kind: "prometheus", url: "http://ann:hush@8.8.8.8:9090" }, ["refuse"]],
    [{ kind: "redis", url: "redis://:hush@8.8.8.8" }, ["refuse"]],
    [{ kind: "redis", url: "rediss://:hush@8.8.8.8" }, []],
    [{ kind: "postgres", url: "postgres://a:hush@db.example.com/d" }, ["warn"]],
    [{ kind: "postgres", url: "postgres://a:hush@db.example.com/d?sslmode=require" }, []],
    [{ kind: "postgres", url: "postgres://a:hush@db.example.com/d?sslmode=disable" }, ["warn"]],
    [{ kind: "postgres", url: "postgres:///d?host=/run/postgresql" }, []],
  ] as const)("%o", (connection, levels) => {
    const said = ofConnection(connection);
    expect(said.map((one) => one.split(" ")[0])).toEqual(levels);
    expect(said.join()).not.toContain("hush");
  });

  it("Slack's token never goes to a public host in clear", () => {
    const slack = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" };
    expect(ofEnvironment({ ...slack, SLACK_API_URL: "http://slack.example.com/api/" })).toEqual([
      expect.stringMatching(/^refuse SLACK_API_URL is plain HTTP/),
    ]);
    expect(ofEnvironment({ ...slack, SLACK_API_URL: "http://[::1]:3000/api/" })).toEqual([]);
  });
});

describe("accounts of the command line", () => {
  it("one that others come to by sudo is no person's own", () => {
    const of = (login: string[], more = {}) =>
      ofFile({ people: { ann: { roles: ["oncall"], login } }, ...more });
    expect(of(["root"])).toEqual([
      expect.stringContaining("warn people.ann.login.0: people become root by sudo"),
    ]);
    expect(of(["ann", "root@web1"])).toEqual([expect.stringContaining("warn people.ann.login.1")]);
    expect(of(["ann"])).toEqual([]);
    expect(of(["root"], { commandLine: { sudo: [] } })).toEqual([]);
  });
});

describe("policies", () => {
  it("nobody destroys alone what they asked for themselves", () => {
    expect(ofFile({ policies: { destructive: policy({ approvals: 1, self: true }) } })).toEqual([
      expect.stringMatching(/^refuse policies\.destructive\.self: /),
    ]);
    expect(ofFile({ policies: { destructive: policy({ approvals: 1 }) } })).toEqual([
      expect.stringMatching(/^warn policies\.destructive\.approvals: /),
    ]);
    expect(ofFile({ policies: { destructive: policy({ self: true }) } })).toEqual([]);
    expect(ofFile({ policies: { low: policy({ approvals: 1, self: true }) } })).toEqual([]);
  });

  it.each([["expires"], ["execute"]])("%s is not endless", (name) => {
    const levels = (time: string) =>
      ofFile({ policies: { high: policy({ [name]: time }) } }).map((said) => said.split(":")[0]);
    expect(levels("24h")).toEqual([]);
    expect(levels("25h")).toEqual([`warn policies.high.${name}`]);
    expect(levels("7d")).toEqual([`warn policies.high.${name}`]);
    expect(levels("365d")).toEqual([`refuse policies.high.${name}`]);
  });
});

it("checkpoints need a key that signs", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const keyed = (key: string) => ofFile({ audit: { checkpoints: "/var/lib/c", key } });
  expect(keyed(privateKey.export({ type: "pkcs8", format: "pem" }).toString())).toEqual([]);
  for (const key of ["nothing", publicKey.export({ type: "spki", format: "pem" }).toString()])
    expect(keyed(key)).toEqual([expect.stringMatching(/^refuse audit\.key: /)]);
});
