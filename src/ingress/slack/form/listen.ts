import type {
  AllMiddlewareArgs,
  App,
  BlockAction,
  SlackActionMiddlewareArgs,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import type { Reply } from "../../../core/words/reply.ts";
import { plain } from "../../../slack/text-blocks.ts";
import { slackErrorOf } from "../api.ts";
import { ask, refused, unconfirmed } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { within } from "../deadline.ts";
import { drawReply } from "../draw-reply.ts";
import { followWithLink, linked } from "../link.ts";
import { inChannel, tellPerson } from "../tell-person.ts";
import { errorsAtFields, type FilledForm, readForm } from "./read.ts";
import { FORM, formView, PICK_RUNBOOK, PICK_SYSTEM } from "./view.ts";

type SelectArgs = SlackActionMiddlewareArgs<BlockAction> & AllMiddlewareArgs;
type SubmitArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** The form: choosing a system or runbook redraws it, submitting runs it. */
export function listenToForm(app: App, context: SlackContext): void {
  const redraw = (args: SelectArgs) => onSelect(context, args);
  app.action<BlockAction>({ type: "block_actions", action_id: PICK_SYSTEM }, redraw);
  app.action<BlockAction>({ type: "block_actions", action_id: PICK_RUNBOOK }, redraw);
  app.view<ViewSubmitAction>({ type: "view_submission", callback_id: FORM }, (args) =>
    onSubmit(context, args),
  );
}

async function onSelect(context: SlackContext, { ack, body }: SelectArgs): Promise<void> {
  await ack();
  const { api, catalog, identity, logger } = context;
  const { view } = body;
  if (view === undefined) return;
  const { channel, system, runbook } = readForm(view);
  const next = await identity
    .member(askerOf(body))
    .then(() => formView(catalog, { channel, system, runbook }))
    .catch((thrown: unknown) => outcomeView(refused(thrown, logger)));
  await api.views.views
    .update({ view_id: view.id, hash: view.hash, view: next })
    // hash_conflict: the person chose again meanwhile, and that choice redraws the form.
    .catch((error: unknown) => logger.info({ error: slackErrorOf(error) }, "the form was not redrawn"));
}

async function onSubmit(context: SlackContext, { ack, body, view }: SubmitArgs): Promise<void> {
  const form = readForm(view);
  const { system, runbook, params, channel } = form;
  if (system === undefined || runbook === undefined) {
    const missing = system === undefined ? "system" : `runbook/${system}`;
    await ack({ response_action: "errors", errors: { [missing]: "choose one" } });
    return;
  }
  const asker = { ...askerOf(body), channel };
  const intent = { do: "run", system, runbook, params } as const;
  const answer = ask(context, asker, body, intent).then((reply) => linked(context, reply));
  const later = (reply: Reply) => tell(context, channel, body, reply);
  const first = await within(answer);
  const reply = first.inTime ? first.value : unconfirmed();
  if (reply.error !== undefined && first.inTime) {
    await ack({ response_action: "errors", errors: fieldErrors(form, reply.error) });
    return;
  }
  const here = first.inTime && (await within(context.identity.isOurs(channel), 200));
  if (here !== false && here.inTime && here.value) {
    await ack();
    await later(reply);
    return followWithLink(context, reply, later);
  }
  // Where the bot may not write, the form itself says what became of the request.
  await ack({ response_action: "update", view: outcomeView(reply) });
  if (!first.inTime) await later(await answer);
}

function fieldErrors(form: FilledForm, error: NonNullable<Reply["error"]>): Record<string, string> {
  const complaints = error.complaints ?? [];
  if (complaints.length > 0) return errorsAtFields(form, complaints);
  const words = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  return { [`runbook/${form.system}`]: words.slice(0, 2_000) };
}

/** In the channel; where it takes nothing, in a form of its own while the trigger lives (3 s). */
const tell = (
  context: SlackContext,
  channel: string,
  body: SubmitArgs["body"],
  reply: Reply,
): Promise<void> =>
  tellPerson(context, reply, inChannel(context, channel, body.user.id), () =>
    context.api.views.views.open({ trigger_id: body.trigger_id, view: outcomeView(reply) }),
  );

const outcomeView = (reply: Reply): ModalView => ({
  type: "modal",
  title: plain("Run a diagnosis", 24),
  close: plain("Close", 24),
  blocks: drawReply(reply).blocks,
});
