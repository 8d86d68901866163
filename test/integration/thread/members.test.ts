import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Members } from "../../../src/thread/send/members.ts";
import { SlackCalls } from "../../../src/thread/send/slack-calls.ts";

let slack: LocalSlack;
beforeAll(async () => {
  slack = await startLocalSlack({
    people: [
      { id: "U0ALICE", name: "alice" },
      { id: "U0GUEST", name: "guest", is_restricted: true },
      { id: "U0GONE", name: "gone", deleted: true },
    ],
    channels: [{ id: "C0OPS", name: "ops" }],
    commands: [],
  });
});
afterAll(() => slack.stop());

const person = (id: string, accounts: string[]) => ({
  ...{ id: PrincipalId.parse(id), roles: ["oncall"], slack: accounts },
});
const PEOPLE = [
  person("alice", ["U0ALICE", "U0GONE"]),
  person("guest", ["U0GUEST"]),
  person("gone", ["U0GONE"]),
  person("nobody", ["U0NEVER"]),
  person("shell", []),
];
const membersOf = (apiUrl: string, ticks: () => number) =>
  new Members(new SlackCalls({ token: slack.token, apiUrl }, 5_000, () => {}), PEOPLE, ticks);

it("names nobody whom Slack says is a guest or gone, and asks once in ten minutes", async () => {
  let now = 0;
  const members = membersOf(slack.apiUrl, () => now);
  const asked = () => slack.calls.filter(({ method }) => method === "users.info").length;
  const names = async () => (await members.people()).map(({ id, slack: accounts }) => [id, ...accounts]);
  expect(await names()).toEqual([["alice", "U0ALICE"], ["shell"]]);
  const once = asked();
  now += 590_000;
  await names();
  expect(asked()).toBe(once);
  now += 20_000;
  await names();
  expect(asked()).toBe(2 * once);
});

it("names everybody while Slack does not say", async () => {
  const members = membersOf("http://127.0.0.1:1/api/", () => 0);
  expect((await members.people()).map(({ id }) => id)).toEqual(PEOPLE.map(({ id }) => id));
});
