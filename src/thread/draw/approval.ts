import type { KnownBlock } from "@slack/types";
import { isByPolicy } from "../../core/rules/auto.ts";
import { eligible } from "../../core/rules/policy.ts";
import { countApprovals } from "../../core/rules/vote.ts";
import type { Vote } from "../../core/words/approval.ts";
import { count, listed } from "../../core/words/format.ts";
import type { RemedyView } from "../../core/words/view.ts";
import { actions, type ButtonSpec } from "../../slack/blocks.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { at, on } from "../text/dates.ts";
import type { DrawOptions } from "./options.ts";
import { mentionPrincipal, sayHand } from "./words.ts";

/** A click would count: buttons that would only be refused are not shown. */
export const isDecidable = (remedy: RemedyView, now: Date): boolean =>
  remedy.status === "waiting" && remedy.approval?.state === "pending" && remedy.approval.expiresAt > now;

/** `needs 1 of 2 approvals · @alice and @bob may decide · expires 14:30`. The mentions are what wakes an approver. mrkdwn. */
export function sayNeeds(remedy: RemedyView, { people }: DrawOptions): string[] {
  const { approval } = remedy;
  if (approval === undefined) return [];
  const { policy, votes, requester, need } = approval;
  const voted = new Set<string>(votes.map((vote) => vote.principal));
  const able = eligible(policy, people, requester).filter((person) => !voted.has(person.id));
  const names = able.map((person) => mentionPrincipal(person.id, people));
  const roles = mrkdwn(policy.from.join(" or "), 100);
  const own = policy.self || requester === undefined ? "" : ` (not ${mrkdwn(requester, 60)}, who asked)`;
  return [
    `${countApprovals(votes)} of ${count(need, "approval")}`,
    names.length === 0
      ? `⚠️ nobody in diagbot.yaml can approve this: role ${roles}${own}`
      : `may decide: ${listed(names, 5)}${own}`,
    `expires ${at(approval.expiresAt)}`,
  ];
}

/** Who decided what and when. mrkdwn. */
export function sayDecision(remedy: RemedyView, { people }: DrawOptions): string[] {
  const { approval } = remedy;
  if (approval === undefined) return [];
  const say = ({ decision, principal, reason, breakGlass, auto, at: when, ...hand }: Vote) =>
    auto === true
      ? `🤖 approved by the policy \`auto\`, no person, ${on(when)}: ${mrkdwn(reason ?? "", 200)}`
      : `${decision === "approve" ? "✔ approved" : "✘ denied"}${breakGlass === true ? " (BREAK-GLASS)" : ""} by ${mentionPrincipal(principal, people)}${sayHand(hand)} ${on(when)}` +
        `${reason === undefined || reason === "" ? "" : `: ${mrkdwn(reason, 200)}`}`;
  const votes = approval.votes.slice(0, 10).map(say);
  const lapsed = approval.state === "expired" ? [`expired ${at(approval.expiresAt)}`] : [];
  const limit =
    approval.state === "approved" && remedy.status === "approved" && approval.executeBefore !== undefined
      ? [`must begin by ${at(approval.executeBefore)}`]
      : [];
  return [...votes, ...lapsed, ...limit];
}

/** When the policy acts, or why people are asked all the same. mrkdwn. */
export function sayAuto(remedy: RemedyView): string[] {
  const { at: acts, note } = remedy.approval?.auto ?? {};
  if (acts !== undefined)
    return [
      `🤖 the policy \`auto\` applies this without a person ${on(acts)}, unless somebody cancels or denies it`,
    ];
  return note === undefined ? [] : [`🤖 ${isAsked(remedy) ? "not by itself: " : ""}${mrkdwn(note, 400)}`];
}

const isAsked = ({ approval }: RemedyView): boolean => approval !== undefined && !isByPolicy(approval);

/** Shown only where one vote alone would not do and the policy lets somebody lower the quorum. */
const breakGlassHelps = ({ approval }: RemedyView): boolean =>
  approval !== undefined && approval.need > 1 && approval.policy.breakGlass !== undefined;

/** The buttons of a decision. Destructive remedies ask once more; what cannot be seen whole can only be denied. */
export function drawButtons(remedy: RemedyView, isSeen: boolean): KnownBlock[] {
  const value = remedy.approval?.id;
  if (value === undefined) return [];
  const confirm = {
    title: "This cannot be taken back",
    text: `${remedy.title.slice(0, 120)}: data or state will be lost. Approve?`,
    yes: "Approve",
  };
  const approve: ButtonSpec = {
    action: "remedy:approve",
    label: "Approve",
    value,
    style: "primary",
    ...(remedy.risk === "destructive" ? { confirm } : {}),
  };
  const auto: ButtonSpec[] =
    remedy.approval?.auto?.at === undefined
      ? []
      : [{ action: "remedy:stop-auto", label: "Cancel auto", value, style: "danger" }];
  return [
    actions(
      ...auto,
      ...(isSeen ? [approve] : []),
      { action: "remedy:deny", label: "Deny", value, style: "danger" },
      { action: "remedy:preview", label: "Preview", value },
      ...(isSeen && breakGlassHelps(remedy)
        ? [{ action: "remedy:break-glass" as const, label: "Break glass…", value }]
        : []),
    ),
  ];
}
