import type { App, BlockAction, ButtonAction } from "@slack/bolt";
import { DiagError } from "../../../core/words/errors.ts";
import { RunId } from "../../../core/words/ids.ts";
import type { Reply } from "../../../core/words/reply.ts";
import { errorReply } from "../../error-reply.ts";
import { ask } from "../ask.ts";
import { askerOf } from "../asker.ts";
import type { SlackContext } from "../context.ts";
import { type ClickArgs, respondTo } from "./respond.ts";

/** The cancel button of a run, or (`42/all`) of every run of its thread; the door decides who may. */
export const listenToCancel = (app: App, context: SlackContext): void =>
  app.action<BlockAction<ButtonAction>>({ type: "block_actions", action_id: "run:cancel" }, (args) =>
    respondTo(context, args, cancel(context, args)),
  );

async function cancel(context: SlackContext, { body, action }: ClickArgs): Promise<Reply> {
  const [id, all] = (action.value ?? "").split("/");
  const run = RunId.safeParse(id);
  return run.success
    ? ask(context, askerOf(body), body, {
        do: "cancel",
        run: run.data,
        ...(all === "all" ? { all: true } : {}),
      })
    : errorReply(new DiagError("unknown_run", "this run does not exist any more"));
}
