import type { Escalations } from "../core/rules/escalation.ts";
import { createEscalator } from "../escalate/loop.ts";
import { createReplies } from "../thread/replies.ts";
import type { AppDeps } from "./deps.ts";

const LEASE_MS = 10_000;

/** Who is told when nobody answers, as diagbot.yaml has it. */
export const escalationsOf = ({ config }: Pick<AppDeps, "config">): Escalations => ({
  common: config.escalate,
  systems: Object.fromEntries(config.systems.map(({ id, escalate }) => [id, escalate])),
});

/** The escalator of this process; one process of all leads. Without a levels it does nothing. */
export function escalatorOf(deps: AppDeps): ReturnType<typeof createEscalator> {
  const { store, worker, logger, config, redact } = deps;
  const escalations = escalationsOf(deps);
  const isUsed = [escalations.common, ...Object.values(escalations.systems)].some(
    (rules) => rules !== undefined,
  );
  if (!isUsed) return { start: () => {}, stop: async () => {} };
  const { slack } = config.environment;
  return createEscalator({
    store: store.escalations,
    reader: store.reader,
    escalations,
    webhooks: config.webhooks,
    ...(slack === undefined
      ? {}
      : { replies: createReplies({ token: slack.botToken, apiUrl: slack.apiUrl }) }),
    lead: () => store.sweep.lead("escalation", worker.id, LEASE_MS),
    resign: () => store.sweep.resign("escalation", worker.id),
    redact,
    logger,
  });
}
