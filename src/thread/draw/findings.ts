import type { KnownBlock } from "@slack/types";
import type { Contact } from "../../core/rules/contacts.ts";
import { unseenOf } from "../../core/rules/found.ts";
import { findingsSlot } from "../../core/rules/slots.ts";
import type { RecordedFinding } from "../../core/words/finding.ts";
import { count } from "../../core/words/format.ts";
import { isEnded } from "../../core/words/outcome.ts";
import { type FindingView, gapsOf, type RunView, unansweredSteps } from "../../core/words/view.ts";
import {
  bold,
  bullets,
  divider,
  fallback,
  inlineCode,
  italic,
  newline,
  type Piece,
  plain,
  prose,
  rich,
} from "../../slack/blocks.ts";
import { fileText } from "../../slack/escape.ts";
import { pack } from "../../slack/pack.ts";
import { wholeEvidence } from "../text/whole.ts";
import type { WantedMessage } from "../wanted.ts";
import { type Attach, drawEvidence, sayMissing } from "./evidence.ts";
import type { DrawOptions } from "./options.ts";
import { drawOthers } from "./others.ts";
import { checksOf, sayChecks } from "./progress.ts";
import { SEVERITY_ICON } from "./words.ts";

const MOST_FINDINGS = 20;
const MOST_EVIDENCE = 8;
const MOST_GAPS = 10;

/** What is wrong, what shows it and what a person does about it; over as many messages as it takes. Nothing for a run that found nothing and missed nothing. */
export function drawFindings(
  run: RunView,
  attach: Attach,
  options: Pick<DrawOptions, "contacts" | "workspace"> = {},
): WantedMessage[] {
  if (!run.diagnosed && !isEnded(run.status)) return [];
  const { findings } = run;
  const gaps = gapsOf(run);
  if (findings.length === 0 && gaps.length === 0) return [];
  const groups = findings.slice(0, MOST_FINDINGS).map((finding, i) => drawFinding(finding, attach, i > 0));
  if (findings.length > MOST_FINDINGS) groups.push(drawRest(findings.slice(MOST_FINDINGS), attach));
  groups.push(drawCoverage(run));
  if (findings.length > 0) groups.push(drawContacts(options.contacts?.(run) ?? []));
  groups.push(drawOthers(run, options));
  const said = findings[0]?.title ?? `${count(gaps.length, "check")} could not be done`;
  return pack(groups).map((blocks, i) => ({
    slot: findingsSlot(run.id, i + 1),
    kind: "message",
    urgent: false,
    text: fallback(said),
    blocks,
  }));
}

function drawFinding(finding: FindingView, attach: Attach, apart: boolean): KnownBlock[] {
  const because = finding.because.trim() === "" ? [] : [newline, ...prose(finding.because, 900)];
  const isGone = finding.goneAt !== undefined;
  const icon = isGone ? "✅ No longer there:" : SEVERITY_ICON[finding.severity];
  const head = rich(plain(`${icon} `), bold(finding.title, 300), ...because);
  const evidence = finding.evidence.slice(0, MOST_EVIDENCE).flatMap((item) => drawEvidence(item, attach));
  const rest = finding.evidence.slice(MOST_EVIDENCE);
  const more =
    rest.length === 0
      ? []
      : [
          rich(
            italic(sayMissing(count(rest.length, "more piece"), attachAll(finding.title, rest, attach)), 300),
          ),
        ];
  return [...(apart ? [divider] : []), head, ...evidence, ...more];
}

const MOST_CONTACTS = 5;

function drawContacts(contacts: readonly Contact[]): KnownBlock[] {
  if (contacts.length === 0) return [];
  return [
    rich(
      plain("👋 To ask: "),
      ...contacts
        .slice(0, MOST_CONTACTS)
        .flatMap(({ name, channel }, i): Piece[] => [
          ...(i > 0 ? [plain(", ")] : []),
          bold(name, 80),
          ...(channel === undefined ? [] : [plain(" in "), channelPiece(channel)]),
        ]),
    ),
  ];
}

/** Slack shows an id as the channel's name; anything else stays words. */
const channelPiece = (channel: string): Piece =>
  /^[CG][A-Z0-9]{5,}$/.test(channel) ? { type: "channel", channel_id: channel } : plain(channel, 80);

function drawRest(findings: readonly RecordedFinding[], attach: Attach): KnownBlock[] {
  const content = findings
    .map(({ severity, title, because }) => `[${severity}] ${title}\n${because}`)
    .join("\n\n");
  const file = attach.whole("More findings", fileText(content));
  for (const { title, evidence } of findings) attachAll(title, evidence, attach);
  return [divider, rich(italic(sayMissing(count(findings.length, "more finding"), file), 300))];
}

const attachAll = (title: string, evidence: RecordedFinding["evidence"], attach: Attach) =>
  evidence.length === 0 ? undefined : attach.whole(title, evidence.map(wholeEvidence).join("\n\n"));

/** How much was looked at, and what could not be: silence about a check must not read as health. */
function drawCoverage(run: RunView): KnownBlock[] {
  const gaps = gapsOf(run);
  const explained = unansweredSteps(run).length - gaps.length;
  const all = explained === 0 ? ", all answered" : `; ${explained} failed, which is what was found`;
  if (unseenOf(run) !== undefined)
    return [
      rich(
        italic(gaps.length === 0 ? `${sayChecks(run)}, not all of them wholly` : sayGaps(run, gaps.length)),
      ),
    ];
  if (gaps.length === 0) return checksOf(run).length === 0 ? [] : [rich(italic(`${sayChecks(run)}${all}`))];
  const items = gaps
    .slice(0, MOST_GAPS)
    .map((step) => [
      bold(step.title, 120),
      plain(` on ${step.on}: ${step.error?.message ?? step.state}`, 300),
      ...(step.error === undefined ? [] : [plain(" "), inlineCode(step.error.detail || step.error.code, 60)]),
    ]);
  const rest = gaps.length > MOST_GAPS ? [[plain(`and ${gaps.length - MOST_GAPS} more`)]] : [];
  const head = rich(plain("⚠️ "), bold(sayGaps(run, gaps.length)));
  return [head, bullets([...items, ...rest])];
}

const sayGaps = (run: RunView, gaps: number): string =>
  `${gaps} of ${count(checksOf(run).length, "check")} could not be done`;
