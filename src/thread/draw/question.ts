import type { KnownBlock } from "@slack/types";
import type { Answer } from "../../core/words/answer.ts";
import { count } from "../../core/words/format.ts";
import type { RemedyView } from "../../core/words/view.ts";
import { actions, type ButtonSpec } from "../../slack/blocks.ts";
import { mrkdwn } from "../../slack/escape.ts";
import { at, on } from "../text/dates.ts";
import type { DrawOptions } from "./options.ts";
import { mentionPrincipal, sayHand } from "./words.ts";

/** What people are asked about a remedy that was applied: did it happen, or shall it stay. */
export type Question = "unknown" | "held";

export function questionOf(remedy: RemedyView, now: Date): Question | undefined {
  if (remedy.approval === undefined) return undefined;
  if (remedy.status === "unknown") return "unknown";
  return remedy.held !== undefined && remedy.held.ends !== "watch" && remedy.held.until > now
    ? "held"
    : undefined;
}

/** Is there anything its actions could take back? */
const isUndoable = (remedy: RemedyView): boolean => remedy.plan?.undo === "actions";

const ASKED: Readonly<Record<Answer, string>> = {
  happened: "it happened",
  "did-not": "it did not happen",
  abandon: "abandon it",
  undo: "undo it",
  keep: "keep it",
  extend: "extend it",
};

/** Who said what of it, also once the question is closed. mrkdwn. */
export const sayAnswers = (remedy: RemedyView, { people }: DrawOptions): string[] =>
  remedy.answers.slice(0, 10).map(({ principal, answer, reason, at: when, ...hand }) => {
    const words = Object.hasOwn(ASKED, answer) ? ASKED[answer as Answer] : mrkdwn(answer, 40);
    const why = reason === undefined || reason === "" ? "" : `: ${mrkdwn(reason, 200)}`;
    return `${mentionPrincipal(principal, people)}${sayHand(hand)} says ${words} ${on(when)}${why}`;
  });

/** What is asked, what was answered, and what happens by itself. mrkdwn. */
export function sayQuestion(remedy: RemedyView, question: Question, options: DrawOptions): string[] {
  const answers = sayAnswers(remedy, options);
  if (question === "unknown") {
    const need = remedy.risk === "destructive" ? 2 : 1;
    return [
      `❓ look at the target, then say whether it happened`,
      `takes ${count(need, "answer")} of people who may approve`,
      ...answers,
    ];
  }
  const { held } = remedy;
  if (held === undefined) return answers;
  if (remedy.status === "succeeded" && held.ends === "keep")
    return [`can be undone until ${at(held.until)}, then it stays`, ...answers];
  const then = held.ends === "undo" ? "then taken back by itself" : "then it stays as it is";
  return [`in force until ${at(held.until)}, ${then}`, ...answers];
}

/** Buttons `remedy:<answer>`; whether somebody may answer yet is the door's word. */
export function drawQuestion(remedy: RemedyView, question: Question): KnownBlock[] {
  const value = remedy.approval?.id;
  if (value === undefined) return [];
  const make = (answer: Answer, label: string, more: Partial<ButtonSpec> = {}): ButtonSpec => ({
    action: `remedy:${answer}`,
    label,
    value,
    ...more,
  });
  if (question === "unknown")
    return [
      actions(
        make("happened", "It happened"),
        make("did-not", "It did not happen", { confirm: AGAIN }),
        make("abandon", "Abandon", { style: "danger" }),
      ),
    ];
  const undo = isUndoable(remedy) ? [make("undo", "Undo now", { style: "danger" })] : [];
  const extend = remedy.held?.ends === "undo" ? [make("extend", "Extend")] : [];
  return [actions(...undo, make("keep", "Keep"), ...extend)];
}

const AGAIN = {
  title: "Are you sure?",
  text: "If it did not happen it may be carried out again. Look at the target first.",
  yes: "It did not happen",
};
