import type { KnownBlock } from "@slack/types";
import { nextLevel, sayDamage } from "../../core/rules/escalation.ts";
import { escalatedSlot } from "../../core/rules/slots.ts";
import { sayDuration } from "../../core/words/duration.ts";
import type { IncidentAnswer, Level, LevelView, Ticket } from "../../core/words/escalation.ts";
import type { IncidentView, ThreadView } from "../../core/words/view.ts";
import { actions, type ButtonSpec, context, fallback } from "../../slack/blocks.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { at, on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import type { DrawOptions } from "./options.ts";

/** What the first message says of who answers: who has it, or who is told when. Markup of our own around escaped words. */
export function sayEscalation(
  incident: IncidentView,
  { freeze }: ThreadView,
  options: DrawOptions,
): string[] {
  const facts = incident.escalation;
  if (facts === undefined || incident.status === "resolved") return [];
  if (facts.answered !== undefined) return sayHolder(facts.answered);
  const levels = options.levels?.(incident);
  const next = levels && nextLevel(levels, facts);
  if (next === undefined || incident.staleAt !== undefined) return [];
  if (freeze !== undefined)
    return [`⏫ ${freeze.quiet === true ? "in maintenance" : "while remedies are frozen"} nobody is told`];
  return [`⏫ unless somebody answers, ${nameOf(next.target, options)} is told ${at(next.at)}`];
}

const sayHolder = ({ how, by, words, at: when }: IncidentAnswer): string[] =>
  how === "ack"
    ? [`🙋 ${sayWho(by)} has it since ${at(when)}${words === undefined ? "" : `: ${mrkdwn(words, 200)}`}`]
    : [];

/** A Slack member by what Slack makes of the id, anybody else by name. */
export const sayWho = (by: string): string => (/^[UW][A-Z0-9]{2,20}$/.test(by) ? `<@${by}>` : mrkdwn(by, 60));

/** "I have it": while the incident fires, somebody would be told, and nobody has said so yet. */
function ackButton(incident: IncidentView, options: DrawOptions): ButtonSpec[] {
  const facts = incident.escalation;
  if (facts === undefined || incident.status === "resolved" || facts.answered?.how === "ack") return [];
  const levels = options.levels?.(incident);
  const concerns =
    levels !== undefined &&
    (levels.bySeverity || facts.waitingSince !== undefined || facts.levels.length > 0);
  return concerns ? [{ action: "incident:ack", label: "I have it", value: String(incident.id) }] : [];
}

/** A message for every step that was taken: whoever it names is called by it, or it says what became of telling them. */
export const drawEscalations = (
  incident: IncidentView,
  options: DrawOptions,
): { at: Date; messages: WantedMessage[] }[] =>
  (incident.escalation?.levels ?? []).map((level) => ({
    at: level.at,
    messages: [drawLevel(incident, level, options)],
  }));

function drawLevel(incident: IncidentView, level: LevelView, options: DrawOptions): WantedMessage {
  const facts = incident.escalation;
  const isThisTurn = facts?.turn === level.turn;
  const isNewest = facts?.levels.at(-1) === level;
  const isOpen = isThisTurn && isNewest && incident.status === "firing" && facts.answered === undefined;
  const words = sayWhy(incident, level);
  return {
    slot: escalatedSlot(level.turn, level.level),
    kind: "message",
    urgent: true,
    broadcast: level.target.usergroup !== undefined || level.target.user !== undefined,
    text: fallback(`⏫ ${words}: ${incident.title.slice(0, 120)} (${incident.system ?? "unknown system"})`),
    blocks: [
      section(`⏫ *${words}*: ${sayTold(level)}`),
      context(
        `*${mrkdwn(incident.title, 120)}* on ${mrkdwn(incident.system ?? "no system", 70)}`,
        `incident #${incident.id}`,
        on(level.at),
        ...(isThisTurn ? sayAnswer(incident) : []),
      ),
      ...(isOpen ? drawAck(incident, options) : []),
    ],
  };
}

/** Why somebody is told: harm by its name, else for how long nobody had answered. */
function sayWhy(incident: IncidentView, level: LevelView): string {
  if (level.damage !== undefined) return sayDamage(level.damage);
  const why =
    level.because === "waiting"
      ? "A remedy waits for a vote, and nobody has answered"
      : "Nobody has answered";
  return `${why}${sayWaited(incident, level)}`;
}

/** Its button, where there is one. */
export const drawAck = (incident: IncidentView, options: DrawOptions): KnownBlock[] => {
  const [button] = ackButton(incident, options);
  return button === undefined ? [] : [actions(button)];
};

/** For how long nobody had answered then; empty where that is not known any more. */
function sayWaited({ escalation }: IncidentView, { turn, because, at: told }: LevelView): string {
  if (escalation === undefined || escalation.turn !== turn) return "";
  const since = because === "waiting" ? escalation.waitingSince : escalation.since;
  const ms = since === undefined ? 0 : told.getTime() - since.getTime();
  return ms > 0 ? ` for ${sayDuration(ms)}` : "";
}

function sayAnswer({ escalation, status }: IncidentView): string[] {
  const answered = escalation?.answered;
  if (answered === undefined) return status === "resolved" ? ["it has ended"] : [];
  const who = sayWho(answered.by);
  const how = { ack: "has it", reply: "wrote in the thread", command: "asked about it", vote: "decided" }[
    answered.how
  ];
  return [`${who} ${how} ${at(answered.at)}`];
}

/** Nobody is called by the first message, which would be too early. */
function nameOf(target: Level, { people }: DrawOptions): string {
  const person = people.find(({ slack }) => target.user !== undefined && slack.includes(target.user));
  return person === undefined ? sayTarget(target) : mrkdwn(person.id, 60);
}

/** How somebody is called: by a mention, or by name only. */
function sayTarget({ usergroup, user, channel, webhook }: Level, call?: "call"): string {
  if (usergroup !== undefined) return call ? `<!subteam^${usergroup}>` : `group ${usergroup}`;
  if (user !== undefined) return call ? `<@${user}>` : `member ${user}`;
  return channel === undefined ? `\`${mrkdwn(webhook ?? "", 64)}\`` : `<#${channel}>`;
}

const sayTicket = ({ id, link }: Ticket): string =>
  link === undefined
    ? `ticket ${mrkdwn(id, 100)}`
    : // `id` is percent-encoded in it; the rest is diagbot.yaml's.
      `ticket <${link.replace(/[|<>\s]/g, encodeURIComponent).replaceAll("&", "&amp;")}|${mrkdwn(id, 100)}>`;

function sayTold({ target, state, said, ticket }: LevelView): string {
  const who = sayTarget(target, "call");
  const words = said === undefined ? "" : ` (${mrkdwn(said, 200)})`;
  if (ticket !== undefined) return `${who} opened ${sayTicket(ticket)}`;
  if (target.webhook === undefined)
    return target.channel === undefined ? `${who}, please look` : `${who} was told`;
  switch (state) {
    case "sent":
      return `${who} was told${words}`;
    case "failed":
      return `${who} could not be told${words}`;
    case "unknown":
      return `${who} may have been told: the answer did not come${words}`;
    case "withdrawn":
      return `${who} was not told any more${words}`;
    default:
      return `${who} is being told${words}`;
  }
}

const section = (markup: string): KnownBlock => ({
  type: "section",
  text: { type: "mrkdwn", text: markup, verbatim: true },
});
