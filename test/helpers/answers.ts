import { expect } from "vitest";
import { readAnswer } from "../../src/connectors/http/answer/read.ts";
import { answerTrouble } from "../../src/connectors/http/answer/say.ts";
import type { AnswerCause, AnswerRead } from "../../src/connectors/http/answer/shape.ts";

interface Given {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly redirect?: string;
  readonly origin?: string;
  readonly sent?: boolean;
}

/** An answer of a service at noon: a string as text or as a page, anything else as JSON. */
export function answerOf(status: number, body: unknown, given: Given = {}): AnswerRead {
  const isText = typeof body === "string";
  const type = !isText ? "application/json" : /^\s*<(!doctype|html)/i.test(body) ? "text/html" : "text/plain";
  return readAnswer(
    {
      path: given.path ?? "/health",
      origin: given.origin ?? "http://shop.lab",
      status,
      headers: { "content-type": type, ...given.headers },
      body: isText ? body : JSON.stringify(body),
      isCut: false,
      redirect: given.redirect,
      sentCredentials: given.sent ?? true,
    },
    new Date("2026-01-01T12:00:00Z"),
  );
}

export const page = (title: string, body = "<p>x</p>"): string =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body>${body}</body></html>`;

/** Name, status, body, what else is given; the cause, words that must be said, and words that must not. */
export type AnswerCase = readonly [
  name: string,
  status: number,
  body: unknown,
  given: Given,
  cause: AnswerCause,
  says: RegExp,
  never?: RegExp,
];

export function expectAnswer(...[, status, body, given, cause, says, never = /\0/]: AnswerCase): void {
  const answer = answerOf(status, body, given);
  const { word, because, next } = answerTrouble(answer) ?? {};
  const all = `${word}\n${because}\n${next}`;
  expect(answer.cause).toBe(cause);
  expect(all).toMatch(says);
  expect(all).not.toMatch(never);
}

/** The page nginx writes itself. */
export const nginxPage = (line: string): string =>
  `<html>\r\n<head><title>${line}</title></head>\r\n<body>\r\n<center><h1>${line}</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>`;
