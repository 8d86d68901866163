import type { KnownBlock } from "@slack/types";
import type { RemedyView, RunView } from "../../core/words/view.ts";
import { bold, bullets, divider, newline, type Piece, plain, prose, rich } from "../../slack/blocks.ts";
import type { DrawOptions } from "./options.ts";
import { hasCard } from "./remedy.ts";
import { sayWhere } from "./same-act.ts";

const MOST = 12;

/** Remedies without a card: what a person must do, and what is not offered and why. They stand below what they answer. */
export function drawOthers(run: RunView, { workspace }: Pick<DrawOptions, "workspace">): KnownBlock[] {
  const advice = run.remedies.filter((remedy) => remedy.status === "advice");
  const closed = run.remedies.filter(
    (remedy) => remedy.status !== "advice" && remedy.status !== "planned" && !hasCard(remedy),
  );
  if (advice.length + closed.length === 0) return [];
  return [
    divider,
    ...listOf("👤 For a person to do", advice, (remedy) => [
      newline,
      ...prose(atSentence(remedy.advice ?? "", 600), 600),
    ]),
    ...listOf("Not offered", closed, (remedy) => [
      plain(` ${remedy.status}. ${remedy.note ?? ""}`, 300),
      ...sayWhere(remedy, workspace),
    ]),
  ];
}

/** A text that is too long ends with a sentence, not in the middle of a command somebody would type. */
function atSentence(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = text.lastIndexOf(". ", limit - 2);
  return end < limit / 3 ? text : `${text.slice(0, end + 1)} …`;
}

function listOf(title: string, remedies: readonly RemedyView[], say: (remedy: RemedyView) => Piece[]) {
  if (remedies.length === 0) return [];
  const items = remedies
    .slice(0, MOST)
    .map((remedy) => [
      bold(remedy.title, 150),
      plain(` (${remedy.risk} risk)${remedy.status === "advice" ? "" : ":"}`),
      ...say(remedy),
    ]);
  const rest = remedies.length > MOST ? [[plain(`and ${remedies.length - MOST} more`)]] : [];
  // One list per few items keeps every block far below what a message may weigh.
  const all: Piece[][] = [...items, ...rest];
  const lists = [];
  for (let i = 0; i < all.length; i += 4) lists.push(bullets(all.slice(i, i + 4)));
  return [rich(bold(title)), ...lists];
}
