import { sayApprovedFrozen } from "../core/rules/freeze.ts";
import { STEP_WAITS } from "../core/rules/queue-away.ts";
import { ANSWERS, type Answer } from "../core/words/answer.ts";
import { DiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import type { RemedyStatus } from "../core/words/outcome.ts";
import type { ApprovalView, RunView } from "../core/words/view.ts";
import type { CliDeps, CliIo } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { mustBeOneOf } from "./one-of.ts";
import { finish, noteQueue, viewOf } from "./run.ts";
import { runJson } from "./run-json.ts";
import { runText } from "./run-text.ts";
import { type Decider, type DeciderOptions, deciderOf } from "./who.ts";

export interface VoteOptions extends DeciderOptions {
  readonly breakGlass?: boolean;
  readonly json: boolean;
}

/** What was typed: the run's number and the remedy's key. */
export interface On {
  readonly run: string;
  readonly remedy: string;
}

/**
 * `approve` and `deny`: a vote of the person whose account it is, held to the same policy as a click in Slack. Where no
 * worker is alive, what the vote decided is carried out here.
 */
export async function vote(
  deps: CliDeps,
  io: CliIo,
  decision: "approve" | "deny",
  on: On,
  options: VoteOptions,
): Promise<number> {
  const { decider, view, approval } = await decidable(deps, on, options);
  const breakGlass = options.breakGlass === true;
  const answer = await deps.vote({ ...decider, approval: approval.id, decision, breakGlass });
  const { state, need, have, frozen } = answer;
  const word = frozen === undefined ? state : sayApprovedFrozen(frozen, frozen.lapsesAt);
  const then = state === "approved" ? `; \`diagbot status ${view.id}\` shows what comes of it` : "";
  const said = `${state === "pending" ? `${have} of ${count(need, "approval")}` : word}${sayFor(decider)}${then}`;
  return afterwards(
    deps,
    io,
    { view, remedy: on.remedy, answer, decided: state !== "pending", said: `${on.remedy}: ${said}` },
    options.json,
  );
}

/** `answer`: what a person says of a remedy whose outcome is unknown, or that is in force. */
export async function answer(
  deps: CliDeps,
  io: CliIo,
  word: string,
  on: On,
  options: VoteOptions,
): Promise<number> {
  mustBeOneOf("usage", "answer", word, ANSWERS);
  const { decider, view, approval } = await decidable(deps, on, options);
  const given = await deps.answer({ ...decider, approval: approval.id, answer: word as Answer });
  const { decided, need, have } = given;
  const said = decided ? word : `${have} of ${need} say ${word}`;
  return afterwards(
    deps,
    io,
    { view, remedy: on.remedy, answer: given, decided, said: `${on.remedy}: ${said}` },
    options.json,
  );
}

/** Whose vote it was, where somebody else was named. */
const sayFor = ({ voter, onBehalf }: Decider): string =>
  onBehalf === undefined ? "" : ` (${voter.id}'s vote, on behalf of ${onBehalf})`;

interface Decidable {
  readonly decider: Decider;
  readonly view: RunView;
  readonly approval: ApprovalView;
}

async function decidable(deps: CliDeps, on: On, options: DeciderOptions): Promise<Decidable> {
  const decider = deciderOf(deps.who(), (await deps.config()).people, options);
  const view = await viewOf(deps, on.run);
  const keys = view.remedies.map(({ key }) => key);
  mustBeOneOf("unknown_remedy", `remedy in run ${view.id}`, on.remedy, keys);
  const remedy = view.remedies.find(({ key }) => key === on.remedy);
  if (remedy?.approval === undefined)
    throw new DiagError("not_decidable", `${on.remedy} waits for nobody: it is ${remedy?.status}`, {
      ...(remedy?.advice === undefined ? {} : { hint: "a human carries it out" }),
    });
  return { decider, view, approval: remedy.approval };
}

interface Given {
  readonly view: RunView;
  readonly remedy: string;
  readonly answer: object;
  readonly decided: boolean;
  readonly said: string;
}

async function afterwards(
  deps: CliDeps,
  io: CliIo,
  { view, remedy, answer: given, decided, said }: Given,
  json: boolean,
): Promise<number> {
  const isLonely = decided && !(await deps.hasWorker());
  if (!isLonely) await noteQueue(deps, io, STEP_WAITS);
  const after = isLonely ? await finish(deps, io, view.id) : await viewOf(deps, String(view.id));
  if (json) io.stdout(`${JSON.stringify({ ...given, run: runJson(after) })}\n`);
  else io.stdout(isLonely ? `${runText(after)}\n` : `${said}\n`);
  const { status } = after.remedies.find(({ key }) => key === remedy) ?? {};
  return isLonely && status !== undefined && DID_NOT_HELP.includes(status) ? EXIT.refused : EXIT.ok;
}

const DID_NOT_HELP: readonly RemedyStatus[] = ["failed", "errored", "unknown"];
