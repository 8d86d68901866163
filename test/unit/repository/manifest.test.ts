import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { methods } from "../../../local/slack/api/table.ts";
import { optionsFromManifest } from "../../../local/slack/manifest.ts";

const text = readFileSync(new URL("../../../manifest.yaml", import.meta.url), "utf8");
const { commands, scopes, events } = optionsFromManifest(text);

// The rooms that speak to Slack.
const sources = ["ingress/slack", "thread"]
  .map((room) => new URL(`../../../src/${room}/`, import.meta.url))
  .flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(new URL(name, room), "utf8")),
  )
  .join("\n");

/** What a WebClient call needs besides the scope of the method of its name. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "channels:history": ["groups:history", "im:history"],
  "channels:read": ["groups:read", "im:read"],
};

const called = new Set([
  ...[...sources.matchAll(/\.(\w+(?:\.\w+)+)\(/g)].flatMap(([, name = ""]) =>
    [...methods.keys()].filter((method) => name === method || name.endsWith(`.${method}`)),
  ),
  ...(sources.includes(".filesUploadV2(")
    ? ["files.getUploadURLExternal", "files.completeUploadExternal"]
    : []),
]);

describe("manifest.yaml", () => {
  it("has the scope of every Web API method that is called", () => {
    // Fewer: the search above no longer finds the calls.
    expect([...called]).toEqual(
      expect.arrayContaining(["chat.postMessage", "chat.update", "conversations.replies", "users.info"]),
    );
    const needed = [...called].flatMap((name) => {
      const scope = methods.get(name)?.scope;
      return scope === undefined ? [] : [scope, ...(ALSO[scope] ?? [])];
    });
    expect([...new Set([...needed, "commands"])].sort()).toEqual([...scopes].sort());
  });

  it("registers every command and subscribes to every event that is listened to", () => {
    const found = (call: string) =>
      [...sources.matchAll(new RegExp(`\\bapp\\.${call}\\("([^"]+)"`, "g"))].map(([, name]) => name);
    expect(found("command")).toEqual(commands.map(({ name }) => name));
    expect(found("event")).toEqual(events);
    expect(commands[0]?.usage).toContain("[system]");
  });

  it("lets buttons and forms through", () => {
    expect(parse(text).settings).toMatchObject({
      interactivity: { is_enabled: true },
      socket_mode_enabled: true,
    });
  });
});
