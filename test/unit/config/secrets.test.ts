import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { secretsOf } from "../../../src/config/secrets.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { redactor } from "../../../src/lib/redact.ts";

const secretsWith = (databaseUrl: string): string[] => {
  const { environment } = readEnvironment({ DATABASE_URL: databaseUrl });
  if (environment === undefined) throw new Error("the environment is not accepted");
  return secretsOf(environment, [], kinds);
};

describe("secrets of the configuration", () => {
  it("a password is one, in every spelling", () => {
    const secrets = secretsWith("postgres://app:p%40ss-word@db/app");
    expect(secrets).toEqual(expect.arrayContaining(["p%40ss-word", "p@ss-word"]));
  });

  it("a password that is the user's name is taken out of URLs only", () => {
    const redact = redactor(secretsWith("postgres://postgres:postgres@db/app"));
    expect(redact("postgres.terminate-sessions on postgres")).toBe("postgres.terminate-sessions on postgres");
    expect(redact("cannot reach postgres://postgres:postgres@db/app")).not.toContain("postgres:postgres@");
  });
});

describe("what comes from ${…}", () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-secrets-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (yaml: string) => {
    writeFileSync(join(folder, "diagbot.yaml"), yaml);
    const env = { DATABASE_URL: "postgres://u:ownpassword@db/x", WORD: "open-sesame", HOST: "db.internal" };
    return loadConfig({ env, cwd: folder, kinds });
  };
  const yaml = (inside: string) => `systems:\n  shop:\n${inside}`;

  it.each([
    [
      "a header of everyday",
      '    connections: { api: { kind: http, url: "http://h", headers: { x-env: "${WORD}" } } }\n',
    ],
    ["a path", '    connections: { api: { kind: http, url: "http://h", health: "/${WORD}/health" } }\n'],
    ["a person to ask", '    contacts: [{ name: "${WORD}" }]\n'],
  ])("is a secret whatever its key: %s", (_what, inside) => {
    expect(redactor(load(yaml(inside)).secrets)("it said open-sesame")).toBe("it said [redacted]");
  });

  it("but not what people must see: hosts, channels and labels of alerts", () => {
    const inside =
      '    match: [{ job: "${WORD}" }]\n    connections: { api: { kind: http, url: "http://${HOST}:80" } }\n';
    expect(redactor(load(yaml(inside)).secrets)("open-sesame on db.internal")).toBe(
      "open-sesame on db.internal",
    );
  });

  it("is not repeated by a complaint either", () => {
    expect(() => load(yaml('    connections: { api: { kind: "${WORD}" } }\n'))).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("open-sesame") }),
    );
  });
});
