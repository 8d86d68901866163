import { readFileSync } from "node:fs";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { SlackError } from "../errors.ts";
import { APP } from "../state/identity.ts";
import type { LocalReaction } from "../types.ts";
import { type Answer, type Method, method, word } from "./method.ts";

type Reactions = WebClient["reactions"];

const emoji: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("../page/emoji.json", import.meta.url), "utf8"),
);

const target = z.object({ channel: word, timestamp: word, name: word });

const react = (
  { workspace }: Backstage,
  { channel, timestamp, name }: z.output<typeof target>,
  change: (before: readonly string[]) => readonly string[],
) => {
  if (emoji[name] === undefined) throw new SlackError("invalid_name");
  const message = workspace.messages.public(workspace.directory.channel(channel).id, timestamp);
  const before = message.reactions ?? [];
  const users = change(before.find((each) => each.name === name)?.users ?? []);
  const others = before.filter((each) => each.name !== name);
  const reactions: LocalReaction[] = users.length > 0 ? [...others, { name, users }] : others;
  const { reactions: _, ...bare } = message;
  workspace.messages.put(reactions.length > 0 ? { ...bare, reactions } : bare);
};

const add = method("reactions.add", "reactions:write", target, (args, backstage) => {
  react(backstage, args, (users) => {
    if (users.includes(APP.userId)) throw new SlackError("already_reacted");
    return [...users, APP.userId];
  });
  return {} satisfies Answer<Reactions["add"]>;
});

const remove = method("reactions.remove", "reactions:write", target, (args, backstage) => {
  react(backstage, args, (users) => {
    if (!users.includes(APP.userId)) throw new SlackError("no_reaction");
    return users.filter((user) => user !== APP.userId);
  });
  return {} satisfies Answer<Reactions["remove"]>;
});

/** The `reactions.*` methods. */
export const reactions: readonly Method[] = [add, remove];
