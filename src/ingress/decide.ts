import type {
  AnswerRequest,
  AnswerResult,
  Entry,
  Intake,
  VoteRequest,
  VoteResult,
} from "../core/ports/intake.ts";
import { sayApprovedFrozen } from "../core/rules/freeze.ts";
import { type QueueTakes, STEP_WAITS, sayQueue } from "../core/rules/queue-away.ts";
import type { Answer } from "../core/words/answer.ts";
import { upperFirst } from "../core/words/format.ts";
import { type Reply, say } from "../core/words/reply.ts";

/** What a person's decision came to, as data and in words. */
export interface Decision<Result> {
  readonly result: Result;
  readonly reply: Reply;
}

interface DecideDeps {
  readonly intake: Intake;
  readonly queueTakes?: QueueTakes;
}

/** Stores a vote. The store decides who may; throws as `Intake.castVote` does. */
export async function castVote(
  deps: DecideDeps,
  entry: Entry,
  request: VoteRequest,
): Promise<Decision<VoteResult>> {
  const result = await deps.intake.castVote(entry, request);
  return { result, reply: await replyTo(deps, result.run, sayVote(result)) };
}

/** Stores what a person says of an open question about a remedy; throws as `Intake.answer` does. */
export async function giveAnswer(
  deps: DecideDeps,
  entry: Entry,
  request: AnswerRequest,
): Promise<Decision<AnswerResult>> {
  const result = await deps.intake.answer(entry, request);
  const { decided, have, need, run } = result;
  const title = decided ? SAID[request.answer] : `Your answer counts: ${have} of ${need}`;
  return { result, reply: await replyTo(deps, run, title) };
}

const replyTo = ({ queueTakes }: DecideDeps, run: VoteResult["run"], title: string): Promise<Reply> =>
  sayQueue({ ...say(title), run }, queueTakes, STEP_WAITS);

function sayVote({ state, have, need, frozen }: VoteResult): string {
  switch (state) {
    case "approved":
      return frozen === undefined
        ? "Approved: it is carried out now"
        : upperFirst(sayApprovedFrozen(frozen, frozen.lapsesAt));
    case "denied":
      return "Denied: nothing is done";
    case "pending":
      return `Your approval counts: ${have} of ${need}`;
  }
}

const SAID: Readonly<Record<Answer, string>> = {
  happened: "Noted: it happened",
  "did-not": "Noted: it did not happen",
  abandon: "Abandoned: nothing more is done",
  undo: "It is being taken back",
  keep: "It stays",
  extend: "It stays in force for longer",
};
