import { sayDamage } from "../core/rules/escalation.ts";
import { postmortemOf } from "../core/rules/postmortem/postmortem.ts";
import type { EscalationEvent, Ticket } from "../core/words/escalation.ts";
import type { Damage } from "../core/words/finding.ts";
import { clip } from "../core/words/format.ts";
import type { IncidentView, RunView } from "../core/words/view.ts";
import { clean } from "../lib/clean.ts";

/** What somebody outside of Slack is told of an incident: plain text, bounded and without secrets. */
export interface News {
  readonly event: EscalationEvent;
  /** The same for every message about one turn of one incident: the other side keeps them together. */
  readonly key: string;
  readonly incident: number;
  /** One line of at most 200 characters. */
  readonly title: string;
  readonly system: string;
  readonly severity: string;
  readonly since: Date;
  /** Why they are told, in a sentence. */
  readonly because: string;
  /** What was found, worst first; at most 5 lines. */
  readonly findings: readonly string[];
  /** Remedies that wait for a vote; at most 5 lines. */
  readonly waiting: readonly string[];
  /** The thread on the web, where it is posted. */
  readonly link?: string;
  /** Harm that was found and is not gone. */
  readonly damage?: readonly Damage[];
  /** What the other side has opened for it. */
  readonly ticket?: Ticket;
  /** The whole of it in Markdown, without secrets: timeline, evidence, decisions. Only for who opens a ticket. */
  readonly record?: string;
}

interface Told {
  readonly incident: IncidentView;
  readonly runs: readonly RunView[];
  readonly event: EscalationEvent;
  readonly turn: number;
  readonly link: string | undefined;
  readonly ticket?: Ticket | undefined;
  /** Set for a ticket: as of then. */
  readonly recordAt?: Date | undefined;
  /** Takes secrets out of text. */
  readonly redact: (text: string) => string;
}

const MOST = 5;

/** What is said of an incident; pure. */
export function newsOf({ incident, runs, event, turn, link, redact, ticket, recordAt }: Told): News {
  const line = (text: string, limit = 200): string =>
    clip(clean(redact(text)).replace(/\s+/g, " ").trim(), limit) || "–";
  const facts = incident.escalation;
  const own = runs.filter(({ supersededBy }) => supersededBy === undefined);
  return {
    event,
    key: `diagbot-incident-${incident.id}-${turn}`,
    incident: incident.id,
    title: line(incident.title),
    system: line(incident.system ?? "unknown system", 100),
    severity: line(incident.severity, 60),
    since: facts?.since ?? incident.openedAt,
    because: line(becauseOf(event, incident), 300),
    findings: own
      .flatMap(({ findings }) => findings.filter(({ goneAt }) => goneAt === undefined))
      .slice(0, MOST)
      .map(({ severity, title }) => line(`${severity}: ${title}`, 300)),
    waiting: own
      .flatMap((run) =>
        run.remedies
          .filter(({ status }) => status === "waiting")
          .map(({ title }) => ({ run: run.id, title })),
      )
      .slice(0, MOST)
      .map(({ run, title }) => line(`${title} (run #${run})`, 300)),
    ...(link === undefined ? {} : { link }),
    ...(facts?.damage === undefined ? {} : { damage: facts.damage.map(({ kind }) => kind) }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(recordAt === undefined ? {} : { record: redact(postmortemOf({ incident, runs, now: recordAt })) }),
  };
}

function becauseOf(event: EscalationEvent, { escalation, status, closed }: IncidentView): string {
  const answered = escalation?.answered;
  if (event === "acknowledge") return answered === undefined ? "somebody has it" : `${answered.by} has it`;
  if (event === "resolve")
    return closed !== undefined
      ? `closed by ${closed.by}`
      : status === "resolved"
        ? "every alert is resolved"
        : "it ended, and fires anew";
  const last = escalation?.levels.at(-1);
  if (last?.damage !== undefined) return sayDamage(last.damage);
  return last?.because === "waiting"
    ? "a remedy waits for a vote, and nobody has answered"
    : "nobody has answered";
}

/** All of it as text, a line each: the body of a mail, the details of a page. */
export const textOf = (news: News): string =>
  [
    `${news.title} on ${news.system}, severity ${news.severity}, since ${news.since.toISOString().slice(0, 16).replace("T", " ")} UTC.`,
    `${news.because.charAt(0).toUpperCase()}${news.because.slice(1)}.`,
    ...(news.findings.length === 0 ? [] : ["", "Found:", ...news.findings.map((one) => `- ${one}`)]),
    ...(news.waiting.length === 0 ? [] : ["", "Waits for a vote:", ...news.waiting.map((one) => `- ${one}`)]),
    "",
    news.link === undefined
      ? `diagbot incident #${news.incident}`
      : `Incident #${news.incident}: ${news.link}`,
  ].join("\n");
