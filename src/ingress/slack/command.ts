import type { AllMiddlewareArgs, App, SlackCommandMiddlewareArgs } from "@slack/bolt";
import { DiagError } from "../../core/words/errors.ts";
import type { Reply } from "../../core/words/reply.ts";
import { slackFailure } from "./api.ts";
import { ask, refused, unconfirmed } from "./ask.ts";
import { askerOfCommand } from "./asker.ts";
import type { SlackContext } from "./context.ts";
import { within } from "./deadline.ts";
import { drawReply } from "./draw-reply.ts";
import { formView } from "./form/view.ts";
import { followWithLink, linked } from "./link.ts";
import { inChannel, tellPerson } from "./tell-person.ts";

type CommandArgs = SlackCommandMiddlewareArgs & AllMiddlewareArgs;

/** `/diag …`. Acknowledged within 2.5 s with the truth; a later truth follows through the response URL. */
export const listenToCommand = (app: App, context: SlackContext): void =>
  app.command("/diag", (args) => onCommand(context, args));

async function onCommand(context: SlackContext, { command, ack, respond }: CommandArgs): Promise<void> {
  const answer = answerTo(context, command);
  const first = await within(answer);
  await ack(ephemeral(first.inTime ? first.value : unconfirmed()));
  const later = (reply: Reply) =>
    tellPerson(
      context,
      reply,
      (drawn) => respond({ response_type: "ephemeral", ...drawn }),
      inChannel(context, command.channel_id, command.user_id),
    );
  const reply = await answer;
  if (reply === undefined) return;
  if (!first.inTime) await later(reply);
  await followWithLink(context, reply, later);
}

async function answerTo(context: SlackContext, command: CommandArgs["command"]): Promise<Reply | undefined> {
  try {
    const asker = askerOfCommand(command);
    const intent = context.door.plan(typed(command.text), { via: "slack", name: asker.user });
    if (intent.do !== "form") return await linked(context, await ask(context, asker, command, intent));
    // The trigger lives 3 s: no lookup comes before this. Who submits the form is checked then.
    await context.api.views.views
      .open({
        trigger_id: command.trigger_id,
        view: formView(context.catalog, { channel: command.channel_id }),
      })
      .catch((thrown: unknown) => {
        throw slackFailure("the form could not be opened", thrown);
      });
    return undefined;
  } catch (thrown) {
    return refused(thrown, context.logger);
  }
}

const ephemeral = (reply: Reply | undefined) =>
  reply === undefined ? { text: "" } : { response_type: "ephemeral" as const, ...drawReply(reply) };

const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** Slack escapes three characters of what is typed; a form without `text` is `/diag` alone. Throws `usage` where it stands there twice. */
function typed(text: unknown): string {
  if (typeof (text ?? "") !== "string")
    throw new DiagError("usage", "what you typed did not arrive in one piece", { hint: "type it again" });
  return String(text ?? "").replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}
