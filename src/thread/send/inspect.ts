import { blockFor } from "./place.ts";
import type { Room } from "./room.ts";

/**
 * Looks whether messages could be sent if there were any: the token, and the channels of the configuration. Nobody should
 * have to wait for an alert to learn that it would be shown nowhere. Throws what the store throws.
 */
export async function inspect(room: Room): Promise<void> {
  const { access, budgets, channels, messages, metrics, slack } = room;
  access.known([...(await channels.read()).keys()]);
  const token = await slack.identity();
  await access.settled();
  if (token.kind === "ok") {
    const failure = await channels.inspect(room.configured);
    if (failure !== undefined) blockFor(room, failure);
  }
  await messages.forgetTroubles(room.configured, 10 * budgets.slowMs);
  metrics.troubles?.([...(await channels.read())].map(([subject, reason]) => ({ subject, reason })));
}
