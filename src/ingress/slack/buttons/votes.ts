import type {
  AllMiddlewareArgs,
  App,
  BlockAction,
  ButtonAction,
  SlackViewMiddlewareArgs,
  ViewSubmitAction,
} from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { DiagError } from "../../../core/errors.ts";
import { type Reply, refusal, say } from "../../reply.ts";
import { slackFailure } from "../api.ts";
import { refused, unconfirmed } from "../ask.ts";
import { askerOf, entryOf } from "../asker.ts";
import { plain, rich } from "../blocks.ts";
import type { SlackContext } from "../context.ts";
import { within } from "../deadline.ts";
import type { Asker } from "../identity.ts";
import { Card, cardOf, counted } from "./card.ts";
import { type ClickArgs, settle } from "./tell.ts";

const DENY_FORM = "remedy:deny:reason";
type DenyArgs = SlackViewMiddlewareArgs<ViewSubmitAction> & AllMiddlewareArgs;

/** Approve, deny, and the form that asks why. Rights are looked up at the click; the store decides. */
export function listenToVotes(app: App, context: SlackContext): void {
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "remedy:approve" }, (args) =>
    settle(context, args, approve(context, args)),
  );
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "remedy:deny" }, (args) =>
    onDeny(context, args),
  );
  app.view<ViewSubmitAction>({ type: "view_submission", callback_id: DENY_FORM }, (args) =>
    onReason(context, args),
  );
}

async function approve(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  return vote(context, askerOf(body), body, { card: cardOf(body, action.value), decision: "approve" });
}

interface Ballot {
  readonly card: Card;
  readonly decision: "approve" | "deny";
  readonly reason?: string;
}

const vote = (context: SlackContext, asker: Asker, body: object, ballot: Ballot): Promise<Reply> =>
  counted(context, ballot.decision, cast(context, asker, body, ballot));

async function cast(
  { identity, intake }: SlackContext,
  asker: Asker,
  body: object,
  { card, decision, reason }: Ballot,
): Promise<Reply> {
  const [voter] = await Promise.all([identity.principal(asker), identity.mustBeInternal(card.channel)]);
  const { state, have, need, run } = await intake.castVote(entryOf(asker, body), {
    approval: card.approval,
    voter,
    decision,
    via: "slack",
    place: { channel: card.channel, ts: card.ts },
    ...(reason === undefined ? {} : { reason }),
  });
  const title = {
    approved: "Approved: it is carried out now",
    denied: "Denied: nothing is done",
    pending: `Your approval counts: ${have} of ${need}`,
  }[state];
  return { ...say(title), run };
}

/** The form comes at once: the trigger lives 3 s. Who may deny is checked when it is submitted. */
async function onDeny(context: SlackContext, args: ClickArgs): Promise<void> {
  const opened = (async (): Promise<Reply | undefined> => {
    const card = cardOf(args.body, args.action.value);
    await context.api.views.views
      .open({ trigger_id: args.body.trigger_id, view: reasonView(card) })
      .catch((thrown: unknown) => {
        throw slackFailure("the form could not be opened", thrown);
      });
    return undefined;
  })().catch((thrown: unknown) => refused(thrown, context.logger));
  const reply = await opened;
  if (reply === undefined) await args.ack();
  else await settle(context, args, Promise.resolve(reply));
}

const reasonView = (card: Card): ModalView => ({
  type: "modal",
  callback_id: DENY_FORM,
  private_metadata: JSON.stringify(card),
  title: plain("Deny the remedy", 24),
  submit: plain("Deny", 24),
  close: plain("Back", 24),
  blocks: [
    rich("One denial ends it: nothing of this plan will be carried out."),
    {
      type: "input",
      block_id: "reason",
      label: plain("Why?"),
      hint: plain("Shown in the thread and kept in the audit."),
      element: {
        type: "plain_text_input",
        action_id: "value",
        min_length: 3,
        max_length: 500,
        multiline: true,
      },
    },
  ],
});

async function onReason(context: SlackContext, { ack, body, view }: DenyArgs): Promise<void> {
  const cast = deny(context, body, view).catch((thrown: unknown) => refused(thrown, context.logger));
  const first = await within(cast);
  const { error } = first.inTime ? first.value : unconfirmed();
  if (error === undefined) return ack();
  const words = error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  return ack({ response_action: "errors", errors: { reason: words.slice(0, 2_000) } });
}

async function deny(context: SlackContext, body: DenyArgs["body"], view: DenyArgs["view"]): Promise<Reply> {
  const card = Card.parse(JSON.parse(view.private_metadata));
  const reason = view.state.values.reason?.value?.value?.trim() ?? "";
  if (reason === "") return refusal(new DiagError("usage", "say why, in a few words"));
  return vote(context, askerOf(body), body, { card, decision: "deny", reason });
}
