import type { KnownBlock } from "@slack/types";
import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { type Concluded, type Together, together } from "../../core/rules/together.ts";
import { count, listed } from "../../core/words/format.ts";
import type { GuideAsked } from "../../core/words/guide.ts";
import { isEnded } from "../../core/words/outcome.ts";
import type { RunView, ThreadView } from "../../core/words/view.ts";
import {
  actions,
  bold,
  bullets,
  button,
  context,
  fallback,
  header,
  inlineCode,
  type Piece,
  plain,
  rich,
} from "../../slack/blocks.ts";
import { literal, mrkdwn } from "../../slack/escape.ts";
import { on } from "../text/dates.ts";
import type { WantedMessage } from "../wanted.ts";
import { drawLinks, linksOfRun } from "./links.ts";
import { nextOf } from "./next.ts";
import type { DrawOptions } from "./options.ts";
import { drawFreeze } from "./run-head.ts";
import { SEVERITY_ICON, sayCaller } from "./words.ts";

const MOST = 8;

/** Root of the thread of a guide item: what all its runs came to, causes first, and what was not looked at. */
export function drawGuideHead(guide: GuideAsked, thread: ThreadView, options: DrawOptions): WantedMessage {
  const { runs, freeze } = thread;
  const all = together(runs);
  const words = headlineOf(guide, all);
  const [first] = runs;
  return {
    slot: HEAD_SLOT,
    kind: "message",
    urgent: false,
    live: runs.some((run) => !isEnded(run.status)),
    text: fallback(`${words} (${guide.system})`),
    blocks: [
      header(words),
      rich(...nextOfAll(all, runs, thread)),
      ...drawFound(all.found),
      ...drawRest(all),
      ...drawOffers(guide),
      ...drawFreeze(freeze),
      ...(first === undefined ? [] : drawLinks(linksOfRun(first, options))),
      ...drawCancel(runs),
      context(...factsOf(guide, runs)),
    ],
  };
}

function headlineOf({ title }: GuideAsked, { found, unseen, open }: Together): string {
  const about = title.slice(0, 80);
  const [top] = found;
  if (top !== undefined)
    return `${SEVERITY_ICON[top.finding.severity]} ${about}: ${top.finding.title.slice(0, 130)}`;
  if (open.length > 0) return `🔎 Checking: ${about}`;
  return unseen.length > 0
    ? `⚠️ Nothing found, but not everything could be looked at: ${about}`
    : `✅ Nothing wrong: ${about}`;
}

/** What to do now: what the run with the first cause says, or how far all of them are. */
function nextOfAll({ found, unseen, open }: Together, runs: readonly RunView[], thread: ThreadView): Piece[] {
  const waiting = runs.find((run) =>
    run.remedies.some(({ status }) => status === "waiting" || status === "unknown"),
  );
  const leading = waiting ?? found[0]?.runs[0];
  if (leading !== undefined) return [plain(`Run #${leading.id}: `), ...nextOf(leading, thread.freeze)];
  if (open.length > 0)
    return [bold("Now: "), plain(`${runs.length - open.length} of ${count(runs.length, "run")} done`)];
  return unseen.length > 0
    ? [bold("Next: "), plain("check by hand what could not be looked at.")]
    : [plain(`${count(runs.length, "run")} looked, nothing to do.`)];
}

/** One line for each cause, with the button to the steps of the run that found it. */
function drawFound(found: readonly Concluded[]): KnownBlock[] {
  const rest = found.length - MOST;
  return [
    ...found.slice(0, MOST).flatMap(({ finding, runs, more }): KnownBlock[] => {
      const [first] = runs;
      const line = `${SEVERITY_ICON[finding.severity]} ${finding.title.slice(0, 200)} (${nameAll(runs)}${more > 0 ? `, and ${more} more there` : ""})`;
      if (first === undefined) return [];
      return [
        {
          type: "section",
          text: { type: "plain_text", text: literal(line, 400), emoji: false },
          accessory: button({ action: "run:details", label: "Details", value: String(first.id) }),
        },
      ];
    }),
    ...(rest > 0 ? [context(`and ${rest} more`)] : []),
  ];
}

/** `run #7 redis-memory`; of several their numbers. */
const nameAll = (runs: readonly RunView[]): string =>
  listed(
    runs.map(({ id, runbook }) => `run #${id} ${runbook}`),
    3,
  );

/** What looked and found nothing, what could not look, and what is still under way. */
function drawRest({ unseen, fine, open, found }: Together): KnownBlock[] {
  const lines = [
    ...unseen
      .slice(0, MOST)
      .map(({ run, what }) => [
        plain("⚠️ "),
        bold(`${run.runbook}: `),
        plain(`${what} (run #${run.id})`, 250),
      ]),
    ...(unseen.length > MOST
      ? [[plain(`⚠️ and ${unseen.length - MOST} more could not look at everything`)]]
      : []),
    ...(fine.length === 0 ? [] : [[plain(`✅ Nothing found by ${nameAll(fine)}`, 250)]]),
    // Without a cause yet the line above says how far it is.
    ...(open.length === 0 || found.length === 0 ? [] : [[plain(`🔎 Still looking: ${nameAll(open)}`, 250)]]),
  ];
  return lines.length === 0 ? [] : [bullets(lines)];
}

/** What is there besides and was not begun, as lines to paste; and what cannot be asked on this system. */
function drawOffers({ offers, gaps }: GuideAsked): KnownBlock[] {
  return [
    ...(offers.length === 0
      ? []
      : [
          rich(bold("Not begun, for a person to ask")),
          bullets(
            offers.map(({ title, type, why }) => [
              plain(`${title}: `, 130),
              inlineCode(type, 200),
              plain(` (${why})`, 150),
            ]),
          ),
        ]),
    ...(gaps.length === 0
      ? []
      : [
          context(
            `Cannot be asked here: ${mrkdwn(gaps.map(({ title, why }) => `${title} (${why})`).join("; "), 900)}`,
          ),
        ]),
  ];
}

const drawCancel = (runs: readonly RunView[]): KnownBlock[] => {
  const open = runs.filter((run) => !isEnded(run.status) && run.cancelRequestedBy === undefined);
  const [first] = open;
  if (first === undefined) return [];
  return [
    actions({
      action: "run:cancel",
      label: open.length > 1 ? "Cancel all" : "Cancel run",
      value: `${first.id}/all`,
      confirm: {
        title: "Cancel all of it?",
        text: "Checks of every run stop. Nothing that was already changed is taken back.",
        yes: "Cancel all",
      },
    }),
  ];
};

const factsOf = ({ item, system }: GuideAsked, runs: readonly RunView[]): string[] => {
  const [first] = runs;
  return [
    `*${mrkdwn(system, 70)}*`,
    `guide item ${mrkdwn(item, 120)}`,
    count(runs.length, "run"),
    ...(first === undefined ? [] : [sayCaller(first.caller), `since ${on(first.createdAt)}`]),
  ];
};
