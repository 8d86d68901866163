import { describe, expect, it } from "vitest";
import { redactor, remembering } from "../../../src/lib/redact.ts";

const redact = redactor([]);

describe("what looks like a secret is taken out of text", () => {
  it.each([
    "password=hunter2",
    "password=no)hunter2",
    "DB_PASSWORD=hunter2 is empty",
    "PGPASSWORD=hunter2",
    "MYSQL_PWD=hunter2",
    "JWT_SECRET: hunter2",
    "access_token=hunter2&x=1",
    "AWS_SECRET_ACCESS_KEY=hunter2",
    "client-secret = hunter2",
    '{"apiKey": "hunter2"}',
    '{"db_password":"correct hunter2 staple"}',
    "PASSWORD='correct hunter2 staple'",
    String.raw`{\"password\":\"correct hunter2 staple\"}`,
    "secret=[hunter2]",
    "Authorization: Bearer hunter2hunter2",
    "postgres://app:hunter2@db/shop",
  ])("%s", (text) => {
    expect(redact(text)).not.toContain("hunter2");
    expect(redact(text)).toContain("[redacted]");
    expect(redact(redact(text))).toBe(redact(text));
  });

  it.each([
    "the password is wrong",
    "denied (using password: NO)",
    "(using password: YES)",
    "401: token expired",
    "2 secrets, 1 token",
    "keyspace: 17",
  ])("and nothing else: %s", (text) => expect(redact(text)).toBe(text));

  it("in time that grows with the text only", () => {
    const begun = performance.now();
    redact("a_".repeat(200_000));
    redact("secret".repeat(60_000));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});

it("looks once at what the parts of one thing have in common", () => {
  const looked: string[] = [];
  const hide = redactor(["hunter2-hunter2"]);
  const redact = remembering((text) => {
    looked.push(text);
    return hide(text);
  });
  const texts = ["prod", "with hunter2-hunter2", "prod", "with hunter2-hunter2", "prod"];
  expect(texts.map(redact)).toEqual(["prod", "with [redacted]", "prod", "with [redacted]", "prod"]);
  expect(looked).toEqual(["prod", "with hunter2-hunter2"]);
});
