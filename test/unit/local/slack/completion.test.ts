import { expect, it } from "vitest";
import { optionsFromManifest } from "../../../../local/slack/manifest.ts";
import { fitting } from "../../../../local/slack/page/fitting.js";

const commands = [
  {
    name: "/diag",
    usage: "<system>",
    description: "Diagnose",
    subcommands: [{ name: "list" }, { name: "status", usage: "[run]" }],
  },
  { name: "/deploy" },
];
const texts = (typed: string) => fitting(typed, commands).map((each) => each.text);

it("offers commands, then their words, then nothing", () => {
  expect(texts("hello")).toEqual([]);
  expect(texts("/")).toEqual(["/diag ", "/deploy "]);
  expect(texts("/di")).toEqual(["/diag "]);
  expect(texts("/diag ")).toEqual(["/diag list ", "/diag status "]);
  expect(texts("/diag st")).toEqual(["/diag status "]);
  expect(fitting("/diag st", commands)[0]).toMatchObject({ label: "status", usage: "[run]" });
  expect(texts("/diag status r")).toEqual([]);
  expect(texts("/nope x")).toEqual([]);
});

it("reads commands, scopes and events from the app's manifest", () => {
  const manifest = `
display_information: { name: diagbot }
features:
  slash_commands:
    - { command: /diag, description: Diagnose, usage_hint: "<system>" }
oauth_config: { scopes: { bot: [chat:write, commands] } }
settings:
  event_subscriptions: { bot_events: [app_mention, message.channels, message.im] }
`;
  expect(optionsFromManifest(manifest)).toEqual({
    commands: [{ name: "/diag", description: "Diagnose", usage: "<system>" }],
    scopes: ["chat:write", "commands"],
    events: ["app_mention", "message"],
  });
  expect(() => optionsFromManifest("just: words")).toThrow("oauth_config");
});
