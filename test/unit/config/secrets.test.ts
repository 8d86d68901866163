import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { secretsOf } from "../../../src/config/secrets.ts";
import { redactor } from "../../../src/lib/redact.ts";

const secretsWith = (databaseUrl: string): string[] => {
  const { environment } = readEnvironment({ DATABASE_URL: databaseUrl });
  if (environment === undefined) throw new Error("the environment is not accepted");
  return secretsOf(environment, []);
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
