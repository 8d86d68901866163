import { expect, test } from "vitest";
import type { RemedyView } from "../../../src/core/words/view.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { ADVICE, approval, at, EXHAUSTED, incident, NOW, remedy, run, thread } from "../../make/views.ts";

// Slack takes one message a second of a channel: what an alert costs there decides how soon people read the next one.
const slots = (...remedies: RemedyView[]): string[] => {
  const finding = { ...EXHAUSTED, evidence: [], remedies: remedies.map(({ key }) => key) };
  const ended = run({ status: "succeeded", diagnosed: true, endedAt: at(1), findings: [finding], remedies });
  return drawThread(thread([ended], { incident: incident() }), {
    now: NOW,
    people: [],
  }).map(({ slot }) => slot);
};

test("an alert whose cause was found costs two messages: what it is, and what shows it and is to be done", () => {
  expect(slots(ADVICE)).toEqual(["head", "run/42/findings"]);
});

test("one that somebody decided on has the card and the closing word besides", () => {
  const denied = remedy({ status: "denied", approval: approval({ state: "denied" }) });
  expect(slots(denied, ADVICE)).toEqual([
    "head",
    "run/42/findings",
    `run/42/remedy/${denied.key}`,
    "run/42/summary",
  ]);
});
