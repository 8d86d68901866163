import { describe, expect, it } from "vitest";
import { hideSecrets, whyProtected } from "../../../src/connectors/host/process-facts.ts";
import { leftoverKind } from "../../../src/connectors/host/rotated.ts";
import { readAnswer } from "../../../src/connectors/http/answer/read.ts";
import { verdictOf } from "../../../src/connectors/http/answer/words.ts";
import { maskStatement } from "../../../src/connectors/postgres/mask.ts";
import { parseInfo } from "../../../src/connectors/redis/info.ts";
import { maskKey, prefixOf, protectedAs } from "../../../src/connectors/redis/keys.ts";
import { clipId } from "../../../src/engine/finding.ts";
import { clean } from "../../../src/lib/clean.ts";
import { knownRedactor, redactor } from "../../../src/lib/redact.ts";
import { fileText, literal, mono, mrkdwn, paragraph } from "../../../src/slack/escape.ts";
import { seedsOf, superlinear } from "../../helpers/linear.ts";
import { CANARIES } from "../../helpers/spelled.ts";

const answered = (status: number, type: string, body: string) =>
  readAnswer(
    {
      path: "/health",
      origin: "http://shop.lab",
      status,
      headers: { "content-type": type, "www-authenticate": body, "retry-after": body },
      body,
      isCut: false,
      sentCredentials: true,
    },
    new Date(0),
  );

/** What is applied to text of others. A new one joins by being listed; expressions by themselves are found without. */
const APPLIED: Readonly<Record<string, (text: string) => unknown>> = {
  clean,
  redact: redactor(CANARIES),
  "redact what is known": knownRedactor(CANARIES),
  literal: (text) => literal(text, 100_000),
  paragraph: (text) => paragraph(text, 100_000),
  mrkdwn: (text) => mrkdwn(text, 100_000),
  mono,
  fileText,
  clipId,
  "a health body, as JSON": (text) => answered(200, "application/json", text),
  "a health body, as a page": (text) => answered(503, "text/html", `<html>${text}`),
  "a health body, as text": (text) => answered(403, "text/plain", text),
  verdictOf,
  maskStatement: (text) => maskStatement(text),
  parseInfo,
  maskKey,
  prefixOf,
  "protected keys": (text) => protectedAs(text),
  "leftover files": leftoverKind,
  "a command line": hideSecrets,
  "diagbot's own command line": (text) => whyProtected({ pid: 9, parent: 8, name: "x" }, text, new Set()),
};

/** Beginnings of everything that is looked for; six characters are too few for some of them. */
const WORDS = [
  "password=",
  "passwo",
  "token:",
  'secret":"',
  "Bearer ",
  "eyJ",
  "eyJaaaaaaaa.",
  "://",
  "://a:",
  "xoxb-",
  "a.a",
  "a@b:",
  "-----BEGIN PRIVATE KEY-----\n",
  "-----BEGIN ",
  "<title",
  "<title>",
  "<h1",
  "--auth-",
  "diagbot ",
  "main.js serve",
  "$a$",
  "/*",
  "*/",
  "--",
  "e'",
  "u&'",
  '"',
  "((",
  "[",
  '{"a":',
  "\\u",
  "%2",
  "&#x",
  "s3cr3t",
  "пароль",
  ...CANARIES,
];

describe("text of others", () => {
  it.each(Object.entries(APPLIED))("takes time that grows with the text only: %s", (_name, work) => {
    expect(superlinear(work, [...seedsOf(WORDS, 60), ...WORDS])).toBeUndefined();
  });
});
