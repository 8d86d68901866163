import { describe, expect, it } from "vitest";
import { exposedIn, exposures } from "../../../src/connectors/log-exposure.ts";
import type { LogLine } from "../../../src/connectors/log-line.ts";

const line = (message: string, fields: Record<string, string> = {}): LogLine => ({
  ...{ at: null, level: null, component: "api", message, tookMs: null, fields, isBroken: false },
});
const jwt = `eyJhbGciOiJIUzI1NiJ9.${"a1B2".repeat(8)}.${"c3D4".repeat(8)}`;

describe("what a line shows", () => {
  it.each([
    ["login with password=hunter2!", ["a password or key, by its name"]],
    ['{"api_key": "9f8e7d6c5b4a"}', ["a password or key, by its name"]],
    ["connect to postgres://app:s3cr3tpw@db:5432/x", ["credentials in a URL"]],
    ["GET / Authorization: Bearer 9f8e7d6c5b4a3210", ["an Authorization header"]],
    [`session ${jwt}`, ["a JSON Web Token"]],
    ["-----BEGIN RSA PRIVATE KEY-----", ["a private key"]],
    ["paid with 4111 1111 1111 1111", ["a number of a payment card"]],
    ["mail to ann@example.com sent", ["an e-mail address"]],
  ] as const)("%s", (message, kinds) => {
    expect(exposedIn(line(message))).toEqual(kinds);
  });

  it.each([
    "login with password=******",
    "login with password=[redacted] token=<hidden>",
    "password: incorrect",
    "token=expired",
    "max_tokens=4096 token: 512",
    "secret=${DB_SECRET}",
    "connect to postgres://app:***@db:5432/x",
    "Authorization: Bearer [redacted]",
    "order 4111 1111 1111 1112 shipped",
    "took 1700000000000 ns, id 1234567890123456",
    "0 errors",
  ])("nothing of %s", (message) => {
    expect(exposedIn(line(message))).toEqual([]);
  });

  it("fields of the line are looked at by their names", () => {
    expect(exposedIn(line("login", { password: "hunter2!" }))).toEqual(["a password or key, by its name"]);
    expect(exposedIn(line("login", { user: "hunter2!" }))).toEqual([]);
  });

  it("is counted by kind with who wrote it and when, and never the value", () => {
    const found = exposures([
      { line: line("password=hunter2!"), at: 10 },
      { line: line("password=hunter3! ann@example.com"), at: 30 },
    ]);
    expect(found).toEqual([
      { kind: "a password or key, by its name", lines: 2, components: ["api"], first: 10, last: 30 },
      { kind: "an e-mail address", lines: 1, components: ["api"], first: 30, last: 30 },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/hunter|ann@/);
  });
});
