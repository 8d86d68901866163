import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const SRC = new URL("../../../src/", import.meta.url);
const sources = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(new URL(name, SRC), "utf8") }));

test("absolute URLs: every client of Slack refuses them, so that its token goes to no other address", () => {
  const clients = sources.filter(({ text }) => /new (?:WebClient|App)\(/.test(text));
  expect(clients.map(({ name }) => name)).toContain("slack/client.ts");
  for (const { name, text } of clients) {
    const made = text.match(/new (?:WebClient|App)\(/g)?.length;
    expect(text.match(/^ +allowAbsoluteUrls: false,$/gm)?.length, name).toBe(made);
  }
});
