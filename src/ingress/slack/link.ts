import type { Reply } from "../../core/words/reply.ts";
import { waitFor } from "../../lib/wait.ts";
import type { SlackContext } from "./context.ts";

/** A new thread is mostly posted within this time, and the one who asked can wait that long. */
const SOON_MS = [150, 200, 250];
/** Slack may be slow to take posts; then the link follows the answer. */
const LATER_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
/** So many answers wait for their link at once; more are given without it, and it follows. */
const MOST_WAITING = 10;

let waiting = 0;

/** The answer with the link to its thread: of a new run's, if that is posted soon. Never rejects. */
export async function linked(context: SlackContext, reply: Reply): Promise<Reply> {
  const isNew = reply.channel !== undefined && waiting < MOST_WAITING;
  waiting += 1;
  try {
    return await withLink(context, reply, isNew ? SOON_MS : []);
  } catch {
    return reply;
  } finally {
    waiting -= 1;
  }
}

/** Tells the link of a new run's thread as soon as there is one, where the answer did not have it yet. */
export async function followWithLink(
  context: Pick<SlackContext, "reader" | "identity" | "stopping">,
  reply: Reply,
  tell: (reply: Reply) => Promise<unknown>,
): Promise<void> {
  if (reply.channel === undefined || reply.link !== undefined || reply.error !== undefined) return;
  const later = await withLink(context, reply, LATER_MS).catch(() => reply);
  if (later.link === undefined) return;
  await tell({ ...later, title: `Run #${later.run} has begun`, sections: [] });
}

/** Looks once, and again after each of the pauses. */
async function withLink(
  { reader, identity, stopping }: Pick<SlackContext, "reader" | "identity" | "stopping">,
  reply: Reply,
  pausesMs: readonly number[],
): Promise<Reply> {
  const { thread } = reply;
  if (thread === undefined || reply.error !== undefined) return reply;
  for (const pause of [0, ...pausesMs]) {
    if (pause > 0) await waitFor(pause, stopping);
    // The link is a courtesy: a process that is told to end does not stay for it.
    if (stopping.aborted) return reply;
    const root = await reader.root(thread);
    if (root === undefined) continue;
    const link = identity.permalink(root.channel, root.ts);
    return link === undefined ? reply : { ...reply, channel: root.channel, link };
  }
  return reply;
}
