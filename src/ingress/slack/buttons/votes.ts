import type {
  AllMiddlewareArgs,
  App,
  BlockAction,
  ButtonAction,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { DiagError } from "../../../core/words/errors.ts";
import type { Reply } from "../../../core/words/reply.ts";
import { plain, rich } from "../../../slack/text-blocks.ts";
import { errorReply } from "../../error-reply.ts";
import { slackFailure } from "../api.ts";
import { refused, unconfirmed } from "../ask.ts";
import { askerOf, entryOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { within } from "../deadline.ts";
import type { Asker } from "../identity.ts";
import { Card, cardOf } from "./card.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** Decisions that ask for a reason first, each with its button and form. */
const FORMS = {
  "remedy:deny": {
    decision: "deny",
    title: "Deny the remedy",
    submit: "Deny",
    says: "One denial ends it: nothing of this plan will be carried out.",
    hint: "Shown in the thread and kept in the audit.",
    least: 3,
  },
  "remedy:break-glass": {
    decision: "approve",
    title: "Break glass",
    submit: "Approve alone",
    says: "Your vote alone will carry this plan. It is announced in another channel and reviewed afterwards.",
    hint: "Announced at once, shown in the thread and kept in the audit.",
    least: 10,
  },
} as const;
type Form = keyof typeof FORMS;
type FormArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Approve, and the decisions that ask why first. Rights are looked up at the click; the store decides. */
export function listenToVotes(app: App, context: SlackContext): void {
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "remedy:approve" }, (args) =>
    respondTo(context, args, approve(context, args)),
  );
  for (const form of Object.keys(FORMS) as Form[]) {
    app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: form }, (args) =>
      openForm(context, form, args),
    );
    app.view<ViewSubmitAction>({ type: "view_submission", callback_id: `${form}:reason` }, (args) =>
      onReason(context, form, args),
    );
  }
}

async function approve(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  return vote(context, askerOf(body), body, { card: cardOf(body, action.value), decision: "approve" });
}

interface Vote {
  readonly card: Card;
  readonly decision: "approve" | "deny";
  readonly reason?: string;
  readonly breakGlass?: boolean;
}

async function vote(
  { identity, door }: SlackContext,
  asker: Asker,
  body: object,
  { card, decision, reason, breakGlass = false }: Vote,
): Promise<Reply> {
  const [voter] = await Promise.all([identity.principal(asker), identity.mustBeInternal(card.channel)]);
  const { reply } = await door.vote(entryOf(asker, body), {
    approval: card.approval,
    voter,
    decision,
    via: "slack",
    place: { channel: card.channel, ts: card.ts },
    breakGlass,
    ...(reason === undefined ? {} : { reason }),
  });
  return reply;
}

/** The form comes at once: the trigger lives 3 s. Who may decide is checked when it is submitted. */
async function openForm(context: SlackContext, form: Form, args: ClickArgs): Promise<void> {
  const opened = (async (): Promise<Reply | undefined> => {
    const card = cardOf(args.body, args.action.value);
    await context.api.views.views
      .open({ trigger_id: args.body.trigger_id, view: reasonView(form, card) })
      .catch((thrown: unknown) => {
        throw slackFailure("the form could not be opened", thrown);
      });
    return undefined;
  })().catch((thrown: unknown) => refused(thrown, context.logger));
  const reply = await opened;
  if (reply === undefined) await args.ack();
  else await respondTo(context, args, Promise.resolve(reply));
}

const reasonView = (form: Form, card: Card): ModalView => ({
  type: "modal",
  callback_id: `${form}:reason`,
  private_metadata: JSON.stringify(card),
  title: plain(FORMS[form].title, 24),
  submit: plain(FORMS[form].submit, 24),
  close: plain("Back", 24),
  blocks: [
    rich(FORMS[form].says),
    {
      type: "input",
      block_id: "reason",
      label: plain("Why?"),
      hint: plain(FORMS[form].hint),
      element: {
        type: "plain_text_input",
        action_id: "value",
        min_length: FORMS[form].least,
        max_length: 500,
        multiline: true,
      },
    },
  ],
});

async function onReason(context: SlackContext, form: Form, { ack, body, view }: FormArgs): Promise<void> {
  const cast = decide(context, form, body, view).catch((thrown: unknown) => refused(thrown, context.logger));
  const first = await within(cast);
  const { error } = first.inTime ? first.value : unconfirmed();
  if (error === undefined) return ack();
  const words = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  return ack({ response_action: "errors", errors: { reason: words.slice(0, 2_000) } });
}

async function decide(
  context: SlackContext,
  form: Form,
  body: FormArgs["body"],
  view: FormArgs["view"],
): Promise<Reply> {
  const card = Card.parse(JSON.parse(view.private_metadata));
  const reason = view.state.values.reason?.value?.value?.trim() ?? "";
  if (reason === "") return errorReply(new DiagError("usage", "say why, in a few words"));
  const { decision } = FORMS[form];
  return vote(context, askerOf(body), body, {
    card,
    decision,
    reason,
    breakGlass: form === "remedy:break-glass",
  });
}
