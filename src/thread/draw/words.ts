import { accountOf, type Caller } from "../../core/words/caller.ts";
import { parseDuration, sayDuration } from "../../core/words/duration.ts";
import type { Severity } from "../../core/words/finding.ts";
import type { PrincipalId } from "../../core/words/ids.ts";
import type { Principal } from "../../core/words/policy.ts";
import type { Risk } from "../../core/words/risk.ts";
import { mrkdwn } from "../../slack/escape.ts";

export const SEVERITY_ICON: Readonly<Record<Severity, string>> = {
  critical: "🔴",
  warning: "🟠",
  info: "🔵",
};
export const RISK_WORDS: Readonly<Record<Risk, string>> = {
  low: "low: bounded and reversible",
  high: "high: interrupts something in use",
  destructive: "DESTRUCTIVE: loses data or cannot be taken back",
};

const USER_ID = /^[UW][A-Z0-9]{2,30}$/;

/** A mention of a member, built from an id that can be nothing else; otherwise the name as plain words. mrkdwn. */
export const mention = (user: string | undefined, name: string): string =>
  user !== undefined && USER_ID.test(user) ? `<@${user}>` : mrkdwn(name, 60);

/** The human behind a key of diagbot.yaml, as a mention where a Slack account is known. mrkdwn. */
export const mentionPrincipal = (id: PrincipalId | string, people: readonly Principal[]): string =>
  mention(people.find((person) => person.id === id)?.slack[0], id);

/** Who asked. mrkdwn. */
export function sayCaller(caller: Caller): string {
  if (caller.via === "slack") return `asked by ${mention(caller.slack?.user ?? caller.name, caller.name)}`;
  if (caller.via === "alert") return "started by the alert";
  if (caller.via === "schedule") return `started by the schedule ${mrkdwn(caller.name, 60)}`;
  const account = accountOf(caller);
  const where = account === undefined ? "" : `, ${mrkdwn(account, 120)}`;
  return `asked by ${mrkdwn(caller.principal ?? caller.name, 60)} (command line${where})`;
}

/** ` on the command line (alice@web1) on behalf of bob`; empty for a click. mrkdwn. */
export const sayHand = ({
  account,
  onBehalf,
}: {
  readonly account?: string | undefined;
  readonly onBehalf?: string | undefined;
}): string =>
  (account === undefined ? "" : ` on the command line (${mrkdwn(account, 120)})`) +
  (onBehalf === undefined ? "" : ` on behalf of ${mrkdwn(onBehalf, 60)}`);

/** A duration as a runbook's author wrote it (`30s`), as people read it. */
export const sayWritten = (written: string): string => {
  const ms = parseDuration(written);
  return ms === undefined ? written : sayDuration(ms);
};

/** The one who asked, in plain words: the name in diagbot.yaml where there is one, never a Slack id. */
export const nameOf = (caller: Caller): string =>
  caller.principal ?? (caller.via === "slack" ? "a member of the workspace" : caller.name);

/** A title within a sentence. */
export const lowerFirst = (words: string): string => `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
