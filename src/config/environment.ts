import { z } from "zod";

/** Values of environment variables; the real ones come from `processEnvironment()`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The only reader of process.env. */
export const processEnvironment = (): Variables => process.env;

const urlOf = (...schemes: string[]) =>
  z.string().refine((value) => URL.canParse(value) && schemes.includes(new URL(value).protocol), {
    message: `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`,
  });

const portNumber = z
  .string()
  .regex(/^\d{1,5}$/, "a port number")
  .transform(Number)
  .refine((port) => port <= 65_535, "a port number");

const Schema = z.object({
  DATABASE_URL: urlOf("postgres:", "postgresql:"),
  REDIS_URL: urlOf("redis:", "rediss:").optional(),
  SLACK_BOT_TOKEN: z.string().startsWith("xox", "a bot token (xoxb-…)").optional(),
  SLACK_SIGNING_SECRET: z.string().min(16, "the signing secret of the Slack app (32 characters)").optional(),
  SLACK_APP_TOKEN: z.string().startsWith("xapp-", "an app-level token (xapp-…)").optional(),
  SLACK_API_URL: urlOf("http:", "https:").optional(),
  ALERTMANAGER_TOKEN: z
    .string()
    .min(32, "at least 32 characters, e.g. from: openssl rand -hex 32")
    .optional(),
  ALERTMANAGER_TOKEN_PREVIOUS: z.string().min(32, "the token before, of at least 32 characters").optional(),
  CHANGES_TOKEN: z.string().min(32, "at least 32 characters, e.g. from: openssl rand -hex 32").optional(),
  DIAGBOT_CONFIG: z.string().default("diagbot.yaml"),
  DIAGBOT_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,40}$/, "lower-case letters, digits and _, beginning with a letter")
    .default("diagbot"),
  HOST: z.string().default("127.0.0.1"),
  PORT: portNumber.default(3000),
  OPS_HOST: z.string().optional(),
  OPS_PORT: portNumber.optional(),
  SUDO_USER: z.string().max(200).optional(),
  CRASH_AT: z.string().optional(),
  LOG_LEVEL: z
    .enum(
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "trace, debug, info, warn, error, fatal or silent",
    )
    .default("info"),
});

/** Credentials of the Slack app. `appToken` set: Socket Mode; `signingSecret` set: HTTP. */
export interface SlackCredentials {
  readonly botToken: string;
  readonly signingSecret: string | undefined;
  readonly appToken: string | undefined;
  /** Undefined: Slack's own. */
  readonly apiUrl: string | undefined;
}

export interface Environment {
  readonly databaseUrl: string;
  /** Undefined: the queue runs in Postgres. */
  readonly redisUrl: string | undefined;
  /** Undefined: no Slack at all; runs are asked for by the command line and by alerts. */
  readonly slack: SlackCredentials | undefined;
  readonly alertmanagerToken: string | undefined;
  /** Taken as well while senders are given the new one. */
  readonly alertmanagerTokenPrevious: string | undefined;
  /** Undefined: nobody may tell of changes. */
  readonly changesToken: string | undefined;
  /** Prefix of the queue's Redis keys, or of its Postgres schema. */
  readonly prefix: string;
  readonly host: string;
  readonly port: number;
  /** Where health and metrics are answered, and only there. Undefined: beside the doors. */
  readonly ops: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: string;
  /** Who became this account by sudo; believed for the accounts of `commandLine.sudo` only. */
  readonly sudoUser: string | undefined;
  /** For tests: ends the process at a named point, e.g. `after_intent:3`. */
  readonly crashAt: string | undefined;
}

export type Role = "all" | "ingress" | "worker";

/**
 * Reads the variables; empty ones count as unset. `serving`: the role of a process that is about to serve, which needs more.
 * Every complaint names its variable and never shows its value.
 */
export function readEnvironment(
  variables: Variables,
  serving?: Role,
): { environment: Environment | undefined; complaints: string[] } {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
  const parsed = Schema.safeParse(set);
  const complaints = (parsed.error?.issues ?? []).map((issue) =>
    explain(String(issue.path[0]), issue.message, set),
  );
  complaints.push(...slackComplaints(set));
  if (serving !== undefined)
    complaints.push(...missingToServe({ alertmanagerToken: set.ALERTMANAGER_TOKEN }, serving));
  return { environment: parsed.success ? shape(parsed.data) : undefined, complaints };
}

/** What a process of that role needs on top; `doctor` and `check` say the same as `serve`. */
export const missingToServe = (
  { alertmanagerToken }: Pick<Environment, "alertmanagerToken">,
  role: Role,
): string[] =>
  role === "worker" || alertmanagerToken !== undefined
    ? []
    : [
        "ALERTMANAGER_TOKEN is not set: alerts could not prove where they come from. Use: openssl rand -hex 32",
      ];

const explain = (name: string, message: string, set: Variables): string =>
  set[name] === undefined
    ? `${name} is not set${name === "DATABASE_URL" ? ": a Postgres of diagbot's own, postgres://user:password@host:5432/diagbot" : ""}`
    : `${name} must be ${message}`;

function slackComplaints(set: Variables): string[] {
  const { SLACK_BOT_TOKEN: bot, SLACK_SIGNING_SECRET: secret, SLACK_APP_TOKEN: app } = set;
  if (bot !== undefined && secret === undefined && app === undefined)
    return [
      "SLACK_BOT_TOKEN is set, but neither SLACK_SIGNING_SECRET (HTTP) nor SLACK_APP_TOKEN (Socket Mode)",
    ];
  if (bot === undefined && (secret !== undefined || app !== undefined))
    return [
      `SLACK_BOT_TOKEN is not set, but ${secret === undefined ? "SLACK_APP_TOKEN" : "SLACK_SIGNING_SECRET"} is`,
    ];
  return [];
}

const shape = (values: z.output<typeof Schema>): Environment => ({
  databaseUrl: values.DATABASE_URL,
  redisUrl: values.REDIS_URL,
  slack:
    values.SLACK_BOT_TOKEN === undefined
      ? undefined
      : {
          botToken: values.SLACK_BOT_TOKEN,
          signingSecret: values.SLACK_SIGNING_SECRET,
          appToken: values.SLACK_APP_TOKEN,
          apiUrl: values.SLACK_API_URL,
        },
  alertmanagerToken: values.ALERTMANAGER_TOKEN,
  alertmanagerTokenPrevious: values.ALERTMANAGER_TOKEN_PREVIOUS,
  changesToken: values.CHANGES_TOKEN,
  prefix: values.DIAGBOT_PREFIX,
  host: values.HOST,
  port: values.PORT,
  ops:
    values.OPS_PORT === undefined
      ? undefined
      : { host: values.OPS_HOST ?? values.HOST, port: values.OPS_PORT },
  logLevel: values.LOG_LEVEL,
  sudoUser: values.SUDO_USER,
  crashAt: values.CRASH_AT,
});
