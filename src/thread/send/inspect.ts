import type { SenderDeps } from "./deps.ts";
import { blockFor } from "./place.ts";

/**
 * Looks whether messages could be sent if there were any: the token, and the channels of the configuration. Nobody should
 * have to wait for an alert to learn that it would be shown nowhere. Throws what the store throws.
 */
export async function inspect(deps: SenderDeps): Promise<void> {
  const { access, budgets, channels, messages, metrics, slack } = deps;
  access.known([...(await channels.read()).keys()]);
  const token = await slack.identity();
  await access.settled();
  if (token.kind === "ok") {
    const failure = await channels.inspect(deps.configured);
    if (failure !== undefined) blockFor(deps, failure);
  }
  await messages.endStorms(budgets.stormOverMs);
  await messages.forgetTroubles(deps.configured, 10 * budgets.slowMs);
  metrics.troubles?.([...(await channels.read())].map(([subject, reason]) => ({ subject, reason })));
}
