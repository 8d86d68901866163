import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";

const DATABASE_URL = "postgres://diagbot:hush-hush@db:5432/diagbot";
const TOKEN = "0123456789abcdef0123456789abcdef";

describe("environment", () => {
  it("needs only a database; everything else has a default or is off", () => {
    const { environment, complaints } = readEnvironment({ DATABASE_URL, PATH: "/bin" });
    expect(complaints).toEqual([]);
    expect(environment).toEqual({
      databaseUrl: DATABASE_URL,
      redisUrl: undefined,
      slack: undefined,
      alertmanagerToken: undefined,
      prefix: "diagbot",
      host: "127.0.0.1",
      port: 3000,
      logLevel: "info",
      crashAt: undefined,
    });
  });

  it("takes Slack with a signing secret or with an app token", () => {
    const slack = { DATABASE_URL, SLACK_BOT_TOKEN: "xoxb-1" };
    expect(readEnvironment({ ...slack, SLACK_SIGNING_SECRET: "a-signing-secret" }).complaints).toEqual([]);
    const socket = readEnvironment({
      ...slack,
      SLACK_APP_TOKEN: "xapp-1",
      SLACK_API_URL: "http://127.0.0.1:9/api/",
    });
    expect(socket.environment?.slack).toEqual({
      botToken: "xoxb-1",
      signingSecret: undefined,
      appToken: "xapp-1",
      apiUrl: "http://127.0.0.1:9/api/",
    });
  });

  it("says everything that is wrong at once, and never a value", () => {
    const { environment, complaints } = readEnvironment(
      {
        DATABASE_URL: "mysql://hush-hush@db",
        REDIS_URL: "localhost:6379",
        SLACK_BOT_TOKEN: "wrong-token",
        ALERTMANAGER_TOKEN: "too-short-token",
        PORT: "70000",
        LOG_LEVEL: "loud",
        DIAGBOT_PREFIX: "a:b",
      },
      "all",
    );
    expect(environment).toBeUndefined();
    expect(complaints.map((complaint) => complaint.split(" ")[0])).toEqual([
      ...[
        "DATABASE_URL",
        "REDIS_URL",
        "SLACK_BOT_TOKEN",
        "ALERTMANAGER_TOKEN",
        "DIAGBOT_PREFIX",
        "PORT",
        "LOG_LEVEL",
      ],
      "SLACK_BOT_TOKEN",
    ]);
    expect(complaints.join("\n")).not.toMatch(/hush|wrong-token|too-short|70000|loud/);
  });

  it.each([
    [{ SLACK_BOT_TOKEN: "xoxb-1" }, "SLACK_SIGNING_SECRET"],
    [{ SLACK_SIGNING_SECRET: "a-signing-secret" }, "SLACK_BOT_TOKEN is not set"],
    [{ SLACK_APP_TOKEN: "xapp-1" }, "SLACK_BOT_TOKEN is not set"],
  ])("refuses half of Slack: %o", (half, says) => {
    expect(readEnvironment({ DATABASE_URL, ...half }).complaints).toEqual([expect.stringContaining(says)]);
  });

  it("wants a token for alerts only of a process that serves doors", () => {
    expect(readEnvironment({ DATABASE_URL }, "worker").complaints).toEqual([]);
    expect(readEnvironment({ DATABASE_URL }).complaints).toEqual([]);
    for (const role of ["all", "ingress"] as const) {
      expect(readEnvironment({ DATABASE_URL }, role).complaints.join()).toContain("ALERTMANAGER_TOKEN");
      expect(readEnvironment({ DATABASE_URL, ALERTMANAGER_TOKEN: TOKEN }, role).complaints).toEqual([]);
    }
  });

  it("takes an empty variable as unset", () => {
    expect(readEnvironment({ DATABASE_URL, REDIS_URL: "", SLACK_APP_TOKEN: "" }).complaints).toEqual([]);
    expect(readEnvironment({ DATABASE_URL: "" }).complaints).toEqual([
      expect.stringMatching(/^DATABASE_URL is not set: a Postgres of diagbot's own/),
    ]);
  });
});
