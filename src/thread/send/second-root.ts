import { HEAD_SLOT } from "../../core/rules/slots.ts";
import { context } from "../../slack/blocks.ts";
import type { WantedMessage } from "../wanted.ts";
import type { SenderDeps } from "./deps.ts";
import { memoryOf, type Pass } from "./pending-thread.ts";

/**
 * A first message that is posted again because a person deleted it says so and leads to the replies below the old one, which
 * Slack keeps there. All other messages as they are.
 */
export async function asSecondRoot(
  deps: SenderDeps,
  pass: Pass,
  wanted: readonly WantedMessage[],
): Promise<readonly WantedMessage[]> {
  const former = formerOf(pass);
  if (former === undefined) return wanted;
  const self = await deps.identity.get(deps.slack);
  const link = self.kind === "ok" ? linkTo(self.value.url, pass.view.channel, former) : undefined;
  const where =
    link === undefined ? "in the thread of the old one" : `in <${link}|the thread of the old one>`;
  const note = context(
    `↩️ The first message of this thread was deleted and is posted again; its replies are ${where}`,
  );
  return wanted.map((message) =>
    message.slot === HEAD_SLOT ? { ...message, blocks: [...message.blocks, note] } : message,
  );
}

function formerOf({ pending, shown }: Pass): string | undefined {
  const root = shown.get(HEAD_SLOT);
  return root?.formerTs ?? (memoryOf(pending, HEAD_SLOT).deleted ? root?.ts : undefined);
}

/** Channel and time are Slack's own and checked again: nothing else may get into a link. */
function linkTo(workspace: string | undefined, channel: string, ts: string): string | undefined {
  if (workspace === undefined || !URL.canParse(workspace)) return undefined;
  if (!/^[A-Z0-9]+$/.test(channel) || !/^\d+\.\d+$/.test(ts)) return undefined;
  return `${new URL(workspace).origin}/archives/${channel}/p${ts.replace(".", "")}`;
}
