import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import type { KnownBlock, ModalView } from "@slack/types";
import type { Caller } from "../../../core/words/caller.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { ApprovalId, RunId, ThreadId } from "../../../core/words/ids.ts";
import type { RunView } from "../../../core/words/view.ts";
import { plain, rich } from "../../../slack/text-blocks.ts";
import { mustRead } from "../../rights.ts";
import { runOrThrow } from "../../show-runs.ts";
import { slackErrorOf, slackFailure } from "../api.ts";
import { refused } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { drawReply } from "../draw-reply.ts";
import { drawPlan } from "./draw-looks.ts";
import { drawRuns } from "./draw-runs.ts";
import { drawDetails, drawStep, type Place, placeOf } from "./draw-steps.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

interface Look {
  readonly title: string;
  /** Over what is open: the steps of a run stay below the one that is looked at. */
  readonly how: "open" | "push";
  read(caller: Caller, value: string | undefined): Promise<KnownBlock[]>;
}

/** The buttons that only look: the exact plan of a remedy, every step of a run, one step whole, the runs of an incident. */
export function listenToLooks(app: App, context: SlackContext): void {
  const preview: Look = {
    title: "What would be done",
    how: "open",
    read: (...asked) => readPlan(context, ...asked),
  };
  const details: Look = {
    title: "Every step",
    how: "open",
    read: (...asked) => readSteps(context, ...asked),
  };
  const step: Look = { title: "One step", how: "push", read: (...asked) => readSteps(context, ...asked) };
  const earlier: Look = {
    title: "Runs of this incident",
    how: "open",
    read: (...asked) => readRuns(context, ...asked),
  };
  for (const [action_id, look] of [
    ["remedy:preview", preview],
    ["run:details", details],
    ["run:step", step],
    ["incident:runs", earlier],
  ] as const)
    app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id }, (args) =>
      show(context, args, look),
    );
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "run:step-page" }, (args) =>
    turnPage(context, args),
  );
}

/** The next page takes the place of the one that is open. */
async function turnPage(context: SlackContext, { body, action, ack }: ClickArgs): Promise<void> {
  await ack();
  const blocks = await context.identity
    .member(askerOf(body))
    .then((caller) => {
      context.door.admit(caller);
      return readSteps(context, caller, action.value);
    })
    .catch((thrown: unknown) => drawReply(refused(thrown, context.logger)).blocks);
  const title = placeOf(action.value)?.step === undefined ? "Every step" : "One step";
  await fill(context, body.view?.id, modal(title, blocks));
}

/** An empty modal at once (the trigger lives 3 s), filled when Postgres has answered. */
async function show(context: SlackContext, args: ClickArgs, look: Look): Promise<void> {
  const { api, identity, logger } = context;
  const opened = await api.views.views[look.how]({
    trigger_id: args.body.trigger_id,
    view: modal(look.title, [rich("One moment …")]),
  }).catch((thrown: unknown) => slackFailure("it could not be opened", thrown));
  if (opened instanceof DiagError) return respondTo(context, args, Promise.reject(opened));
  await args.ack();
  const blocks = await identity
    .member(askerOf(args.body))
    .then((caller) => {
      context.door.admit(caller);
      return look.read(caller, args.action.value);
    })
    .catch((thrown: unknown) => drawReply(refused(thrown, logger, "look")).blocks);
  await fill(context, opened.view?.id, modal(look.title, blocks));
}

const fill = ({ api, logger }: SlackContext, id: string | undefined, view: ModalView): Promise<unknown> =>
  api.views.views
    .update({ view_id: id ?? "", view })
    // The person has closed it meanwhile.
    .catch((error: unknown) => logger.info({ error: slackErrorOf(error) }, "a modal was not filled"));

const modal = (title: string, blocks: KnownBlock[]): ModalView => ({
  type: "modal",
  title: plain(title, 24),
  close: plain("Close", 24),
  blocks: blocks.slice(0, 100),
});

async function readPlan(
  { catalog, reader }: SlackContext,
  caller: Caller,
  value: string | undefined,
): Promise<KnownBlock[]> {
  const id = ApprovalId.safeParse(value);
  const place = id.success ? await reader.approval(id.data) : undefined;
  const run = place === undefined ? undefined : await reader.run(place.run);
  const remedy = run?.remedies.find(({ key }) => key === place?.remedy);
  if (run === undefined || remedy === undefined)
    throw new DiagError("unknown_remedy", "this remedy does not exist any more");
  mustRead(catalog, caller, run.system);
  return drawPlan(remedy, run.id);
}

async function readSteps(
  { catalog, reader }: SlackContext,
  caller: Caller,
  value: string | undefined,
): Promise<KnownBlock[]> {
  const place = placeOf(value);
  const id = RunId.safeParse(place?.run);
  if (place === undefined || !id.success)
    throw new DiagError("unknown_run", "this run does not exist any more");
  const run = await runOrThrow(reader, id.data);
  mustRead(catalog, caller, run.system);
  return drawPlace(run, place);
}

const drawPlace = (run: RunView, place: Place): KnownBlock[] =>
  place.step === undefined ? drawDetails(run, place.page) : drawStep(run, place);

async function readRuns(
  { catalog, reader }: SlackContext,
  caller: Caller,
  value: string | undefined,
): Promise<KnownBlock[]> {
  const id = ThreadId.safeParse(value);
  const thread = id.success ? await reader.thread(id.data) : undefined;
  if (thread === undefined) throw new DiagError("unknown_incident", "this incident does not exist any more");
  for (const run of thread.runs) mustRead(catalog, caller, run.system);
  return drawRuns(thread.runs);
}
