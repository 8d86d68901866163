import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { createApi, type SlackApi } from "../../../src/ingress/slack/api.ts";
import { createIdentity, type Identity } from "../../../src/ingress/slack/identity.ts";
import { catalogOf } from "../../unit/ingress/fixtures.ts";

let slack: LocalSlack;
let api: SlackApi;
let identity: Identity;
let team: string;

beforeAll(async () => {
  slack = await startLocalSlack({
    people: [
      { id: "U0ALICE", name: "alice" },
      { id: "U0STRANGER", name: "stranger", is_stranger: true },
    ],
  });
  api = createApi({ botToken: slack.token, apiUrl: slack.apiUrl }, pino({ level: "silent" }));
  team = (await api.lookups.auth.test()).team_id ?? "";
  identity = createIdentity(api, catalogOf(), () => ({ team, botUser: "U0BOT" }));
});
afterAll(() => slack.stop());

const asking = (user: string, from = team) => ({ team: from, user, trigger: "1.2" });

test("a member of our workspace is let in", async () => {
  expect(await identity.member(asking("U0ALICE"))).toMatchObject({ via: "slack", name: "U0ALICE" });
});

test("the payload's team: what was done in another workspace is refused, whoever the user is here", async () => {
  await expect(identity.member(asking("U0ALICE", "T0OTHER"))).rejects.toMatchObject({ code: "not_allowed" });
});

test("strangers: whom Slack calls one is refused", async () => {
  await expect(identity.member(asking("U0STRANGER"))).rejects.toMatchObject({ code: "not_allowed" });
});

test("absolute URLs: the token goes to no address but Slack's", async () => {
  const heard: (string | undefined)[] = [];
  const other = createServer((request, answer) => {
    heard.push(request.headers.authorization);
    answer.end("{}");
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  for (const client of [api.lookups, api.views])
    await client.apiCall(`http://127.0.0.1:${port}/chat.postMessage`, {}).catch(() => {});
  await new Promise((resolve) => other.close(resolve));
  expect(heard).toEqual([]);
});
