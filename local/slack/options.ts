import type { LocalChannel, LocalCommand, LocalPerson, LocalUsergroup, Panel, Suggestion } from "./types.ts";

/** How a local Slack is set up; everything has a default. */
export interface LocalSlackOptions {
  /** Default: any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  token?: string;
  appToken?: string;
  signingSecret?: string;
  /** Where commands, interactivity and events are POSTed while no socket is connected. */
  requestUrl?: string;
  people?: readonly LocalPerson[];
  channels?: readonly LocalChannel[];
  usergroups?: readonly LocalUsergroup[];
  /** How long the app has to acknowledge, in milliseconds. Default 3000, as Slack. */
  ackTimeoutMs?: number;
  /** How long a trigger_id is good, in milliseconds. Default 3000, as Slack. */
  triggerTtlMs?: number;
  /** Waits before the second, third and fourth attempt to deliver an event. Default: none, one minute, five minutes. */
  eventRetryDelaysMs?: readonly number[];
  /** Event types the app is subscribed to. Default: `message`, `app_mention`, `app_home_opened`. */
  events?: readonly string[];
  /** Scopes of the bot token; a call that needs another is refused with `missing_scope`. Default: every scope. */
  scopes?: readonly string[];
  /** The registered slash commands; also what the composer completes. */
  commands?: readonly LocalCommand[];
  /** Refuse a command that is not in `commands`, as Slack does, instead of delivering it. Default: true when `commands` is given. */
  dropUnregisteredCommands?: boolean;
  /** More lines for the completion popup, for the text typed so far. */
  complete?: (text: string) => readonly Suggestion[] | Promise<readonly Suggestion[]>;
  panel?: Panel;
  /** Name of the workspace in the page. Default "Local". */
  workspaceName?: string;
  /** Id (E…) of the Enterprise Grid the workspace belongs to. Default: none. */
  enterprise?: string | undefined;
  /** The clock, in milliseconds since the epoch. */
  now?: () => number;
}

export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly token: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly people: readonly LocalPerson[];
  readonly channels: readonly LocalChannel[];
  readonly usergroups: readonly LocalUsergroup[];
  readonly ackTimeoutMs: number;
  readonly triggerTtlMs: number;
  readonly eventRetryDelaysMs: readonly number[];
  readonly events: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string> | undefined;
  readonly commands: readonly LocalCommand[];
  readonly dropUnregisteredCommands: boolean;
  readonly complete: (text: string) => readonly Suggestion[] | Promise<readonly Suggestion[]>;
  readonly panel: Panel | undefined;
  readonly workspaceName: string;
  readonly enterprise: string | undefined;
  readonly now: () => number;
}

const PEOPLE: readonly LocalPerson[] = [
  { id: "U0ALICE", name: "alice", real_name: "Alice Adams", email: "alice@example.com" },
  { id: "U0BOB", name: "bob", real_name: "Bob Brown", email: "bob@example.com" },
];
const CHANNELS: readonly LocalChannel[] = [
  { id: "C0OPS", name: "ops", topic: "What is on fire" },
  { id: "C0RANDOM", name: "random", members: ["U0ALICE", "U0BOB"] },
];
const EVENTS = ["message", "app_mention", "app_home_opened"];

const DEFAULTS = {
  port: 0,
  host: "127.0.0.1",
  token: "xoxb-local",
  appToken: "xapp-1-local",
  signingSecret: "local-signing-secret",
  people: PEOPLE,
  channels: CHANNELS,
  usergroups: [],
  ackTimeoutMs: 3000,
  triggerTtlMs: 3000,
  eventRetryDelaysMs: [0, 60_000, 300_000],
  commands: [],
  complete: () => [],
  panel: undefined,
  workspaceName: "Local",
  enterprise: undefined,
  now: Date.now,
};

/** Options with their defaults filled in. */
export function settle(options: LocalSlackOptions): Settings {
  return {
    ...DEFAULTS,
    ...options,
    events: new Set(options.events ?? EVENTS),
    scopes: options.scopes === undefined ? undefined : new Set(options.scopes),
    dropUnregisteredCommands: options.dropUnregisteredCommands ?? options.commands !== undefined,
  };
}
