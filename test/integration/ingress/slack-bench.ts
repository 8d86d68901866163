import { WebClient } from "@slack/web-api";
import { pino } from "pino";
import { z } from "zod";
import { commands } from "../../../commands/index.ts";
import type { LocalSlack } from "../../../local/slack/local-slack.ts";
import { startLocalSlack } from "../../../local/slack/server.ts";
import { kinds } from "../../../src/connectors/index.ts";
import type { Catalog } from "../../../src/core/ports/catalog.ts";
import type { Intake } from "../../../src/core/ports/intake.ts";
import { AlertSettings } from "../../../src/core/words/alert.ts";
import { PrincipalId } from "../../../src/core/words/ids.ts";
import { Limits } from "../../../src/core/words/limits.ts";
import { Policies } from "../../../src/core/words/policy.ts";
import { standardRoutes } from "../../../src/ingress/http/routes.ts";
import { createHttpServer } from "../../../src/ingress/http/server.ts";
import { createDoor } from "../../../src/ingress/receive.ts";
import { createSlackDoor } from "../../../src/ingress/slack/door.ts";
import type { QueueDispatcher } from "../../../src/queue/dispatcher.ts";
import { runbookOn } from "../../../src/sdk/runbook.ts";
import { createIntake } from "../../../src/store/intake.ts";
import type { Pool } from "../../../src/store/pool.ts";
import { createReader } from "../../../src/store/reader.ts";
import { makeSystem } from "../../make/system.ts";

const poolRunbook = runbookOn(
  "postgres",
  {
    id: "pg-pool-exhausted",
    title: "Postgres connection pool exhausted",
    params: z.object({
      idleMinutes: z
        .int()
        .min(1)
        .max(600)
        .default(10)
        .describe("terminate sessions idle for longer than this"),
      order: z.enum(["oldest", "newest"]).default("oldest"),
      deep: z.boolean().default(false),
      note: z.string().max(20).optional(),
    }),
  },
  () => ({}),
)
  .remedies({})
  .findings(() => []);

const healthRunbook = runbookOn(
  [],
  { id: "service-health", title: "Health of the whole system", params: z.object({}) },
  () => ({}),
)
  .remedies({})
  .findings(() => []);

const postgres = { kind: "postgres", url: "postgres://app:secret@db:5432/app" };

/** What the tests' product knows. */
export const catalog: Catalog = {
  kinds,
  runbooks: [healthRunbook, poolRunbook],
  systems: [
    makeSystem("orders", { channel: "C0OPS", connections: { main: postgres, replica: postgres } }),
    makeSystem("website", { connections: {}, readers: ["everybody"] }),
  ],
  people: [
    { id: PrincipalId.parse("alice"), roles: ["oncall"], slack: ["U0ALICE"] },
    { id: PrincipalId.parse("bob"), roles: ["oncall", "dba"], slack: ["U0BOB"] },
    { id: PrincipalId.parse("rita"), roles: ["reader"], slack: ["U0RITA"] },
    {
      id: PrincipalId.parse("mallory"),
      roles: ["oncall"],
      slack: ["U0FOREIGN", "U0GUEST", "U0GONE", "U0BOT"],
    },
    // Two of the same Grid who are at home in another workspace; only one of them works in ours.
    { id: PrincipalId.parse("dave"), roles: ["oncall"], slack: ["W0DAVE"] },
    { id: PrincipalId.parse("erin"), roles: ["oncall"], slack: ["W0ERIN"] },
  ],
  policies: Policies.parse({ high: { approvals: 1, from: ["oncall"], self: false } }),
  limits: Limits.parse({ commandsPerMinute: 200 }),
  alerts: AlertSettings.parse({}),
  routes: [],
  channel: "C0OPS",
};

const people = [
  { id: "U0ALICE", name: "alice" },
  { id: "U0BOB", name: "bob" },
  { id: "U0CAROL", name: "carol" },
  { id: "U0RITA", name: "rita" },
  { id: "U0GUEST", name: "guest", is_restricted: true },
  { id: "U0GONE", name: "gone", deleted: true },
  { id: "U0BOT", name: "robot", is_bot: true },
  { id: "U0FOREIGN", name: "foreign", team_id: "T0OTHER" },
  {
    id: "W0DAVE",
    name: "dave",
    team_id: "T0HOME",
    enterprise_user: { enterprise_id: "E0CORP", teams: ["T0HOME", "T0LOCAL"] },
  },
  {
    id: "W0ERIN",
    name: "erin",
    team_id: "T0HOME",
    enterprise_user: { enterprise_id: "E0CORP", teams: ["T0HOME"] },
  },
];

const channels = [
  { id: "C0OPS", name: "ops" },
  { id: "C0PRIVATE", name: "private", members: ["U0ALICE"] },
  { id: "C0SHARED", name: "shared", is_ext_shared: true },
];

export interface SlackBench {
  readonly slack: LocalSlack;
  readonly url: string;
  readonly door: ReturnType<typeof createSlackDoor>;
  /** Posts a card as the thread room would, with that button. */
  postCard(actionId: string, value: string, channel?: string): Promise<{ channel: string; ts: string }>;
  stop(): Promise<void>;
}

/** diagbot's Slack door over a local Slack and a real store. `wrap` stands before the store, `before` sees Slack first. */
export async function startSlackBench(
  mode: "http" | "socket",
  pool: Pool,
  wrap: (intake: Intake) => Intake = (intake) => intake,
  before: (slack: LocalSlack) => void = () => {},
  queue?: QueueDispatcher,
): Promise<SlackBench> {
  const slack = await startLocalSlack({
    people,
    channels,
    commands: [{ name: "/diag" }],
    enterprise: "E0CORP",
    // How busy the machine is must not decide.
    ackTimeoutMs: 60_000,
    triggerTtlMs: 60_000,
  });
  before(slack);
  const logger = pino({ level: "silent" });
  const intake = wrap(
    createIntake({
      pool,
      onCommit: (touched) => {
        for (const { kind, id } of touched) queue?.dispatch(kind, id).catch(() => {});
      },
    }),
  );
  const reader = createReader(pool);
  const takes = queue === undefined ? {} : { queueTakes: queue.hasTaken };
  const door = createSlackDoor({
    config: {
      botToken: slack.token,
      apiUrl: slack.apiUrl,
      ...(mode === "http" ? { signingSecret: slack.signingSecret } : { appToken: slack.appToken }),
    },
    door: createDoor({ catalog, commands, intake, reader, logger, ...takes }),
    catalog,
    reader,
    logger,
  });
  const server = createHttpServer({
    logger,
    routes: standardRoutes({
      ...(door.requestListener === undefined ? {} : { slack: door.requestListener }),
      health: () => Promise.resolve({ status: "ok", ready: true, components: {} }),
      metrics: () => Promise.resolve({ contentType: "text/plain", text: "" }),
    }),
  });
  const { port } = await server.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  slack.requestUrl = `${url}/slack/events`;
  await door.start();
  const web = new WebClient(slack.token, { slackApiUrl: slack.apiUrl });
  return {
    slack,
    url,
    door,
    postCard: async (actionId, value, channel = "C0OPS") => {
      const button = {
        type: "button" as const,
        action_id: actionId,
        value,
        text: { type: "plain_text" as const, text: "Go" },
      };
      const posted = await web.chat.postMessage({
        channel,
        text: "card",
        blocks: [{ type: "actions", elements: [button] }],
      });
      return { channel, ts: posted.ts ?? "" };
    },
    stop: async () => {
      await door.stop();
      await server.close(1_000);
      await slack.stop();
    },
  };
}

/** Everything a person can read in an answer. */
export const textOf = (shown: unknown): string =>
  [...JSON.stringify(shown ?? {}).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)]
    .map((match) => match[1])
    .join("\n");
