import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import type { KnownBlock, ModalView } from "@slack/types";
import { DiagError } from "../../../core/errors.ts";
import { ApprovalId, RunId } from "../../../core/ids.ts";
import { runOrThrow } from "../../answers.ts";
import { slackErrorOf, slackFailure } from "../api.ts";
import { refused } from "../ask.ts";
import { askerOf } from "../asker.ts";
import { plain, rich } from "../blocks.ts";
import type { SlackContext } from "../context.ts";
import { drawReply } from "../draw-reply.ts";
import { drawDetails, drawPlan } from "./draw-looks.ts";
import { type ClickArgs, settle } from "./tell.ts";

interface Look {
  readonly title: string;
  read(value: string | undefined): Promise<KnownBlock[]>;
}

/** The two buttons that only look: the exact plan of a remedy, and every step of a run. */
export function listenToLooks(app: App, context: SlackContext): void {
  const preview: Look = { title: "What would be done", read: (value) => readPlan(context, value) };
  const details: Look = { title: "Every step", read: (value) => readDetails(context, value) };
  for (const [action_id, look] of [
    ["remedy:preview", preview],
    ["run:details", details],
  ] as const)
    app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id }, (args) =>
      show(context, args, look),
    );
}

/** An empty modal at once (the trigger lives 3 s), filled when Postgres has answered. */
async function show(context: SlackContext, args: ClickArgs, look: Look): Promise<void> {
  const { api, identity, logger } = context;
  const opened = await api.views.views
    .open({ trigger_id: args.body.trigger_id, view: modal(look.title, [rich("One moment …")]) })
    .catch((thrown: unknown) => slackFailure("it could not be opened", thrown));
  if (opened instanceof DiagError) return settle(context, args, Promise.reject(opened));
  await args.ack();
  const blocks = await identity
    .member(askerOf(args.body))
    .then(() => look.read(args.action.value))
    .catch((thrown: unknown) => drawReply(refused(thrown, logger)).blocks);
  await api.views.views
    .update({ view_id: opened.view?.id ?? "", view: modal(look.title, blocks) })
    // The person has closed it meanwhile.
    .catch((error: unknown) => logger.info({ error: slackErrorOf(error) }, "a modal was not filled"));
}

const modal = (title: string, blocks: KnownBlock[]): ModalView => ({
  type: "modal",
  title: plain(title, 24),
  close: plain("Close", 24),
  blocks: blocks.slice(0, 100),
});

async function readPlan({ reader }: SlackContext, value: string | undefined): Promise<KnownBlock[]> {
  const id = ApprovalId.safeParse(value);
  const place = id.success ? await reader.approval(id.data) : undefined;
  const run = place === undefined ? undefined : await reader.run(place.run);
  const remedy = run?.remedies.find(({ key }) => key === place?.remedy);
  if (run === undefined || remedy === undefined)
    throw new DiagError("unknown_remedy", "this remedy does not exist any more");
  return drawPlan(remedy, run.id);
}

async function readDetails({ reader }: SlackContext, value: string | undefined): Promise<KnownBlock[]> {
  const id = RunId.safeParse(value);
  if (!id.success) throw new DiagError("unknown_run", "this run does not exist any more");
  return drawDetails(await runOrThrow(reader, id.data));
}
