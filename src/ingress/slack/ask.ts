import { DiagError, toDiagError } from "../../core/words/errors.ts";
import type { Intent } from "../../core/words/intent.ts";
import type { Reply } from "../../core/words/reply.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { errorReply } from "../error-reply.ts";
import { entryOf } from "./asker.ts";
import type { SlackContext } from "./context.ts";
import type { Asker } from "./identity.ts";

/** Carries an intent to the door in the name of a checked member. Never rejects: what was refused is an answer. */
export async function ask(context: SlackContext, asker: Asker, body: object, intent: Intent): Promise<Reply> {
  try {
    const [caller, channel] = await Promise.all([
      context.identity.member(asker),
      intent.do === "run"
        ? channelFor(context, asker, intent.system)
        : intent.do === "guide"
          ? ownChannel(context, asker)
          : undefined,
    ]);
    return await context.door.receive(
      entryOf(asker, body),
      intent,
      caller,
      channel === undefined ? {} : { channel },
    );
  } catch (thrown) {
    return refused(thrown, context.logger);
  }
}

/** The channel that was asked from, where the bot may write. */
const ownChannel = async ({ identity }: SlackContext, { channel }: Asker): Promise<string | undefined> =>
  channel !== undefined && (await identity.isOurs(channel)) ? channel : undefined;

/** The channel that was asked from, where the bot may write; else the system's own, else the one of alerts. */
async function channelFor(context: SlackContext, asker: Asker, systemId: string) {
  const { catalog } = context;
  const { channel } = asker;
  const own = await ownChannel(context, asker);
  if (own !== undefined) return own;
  const system = catalog.systems.find(({ id }) => id === systemId);
  return system?.channel ?? catalog.channel ?? channel;
}

/** Anything thrown as an answer; what is not a DiagError is logged as a bug. */
export function refused(thrown: unknown, logger: Logger, asked: "change" | "look" = "change"): Reply {
  const error = toDiagError(thrown);
  if (error.code !== "bug") return errorReply(error, asked);
  logger.error({ err: thrown }, "a Slack request failed because of a bug");
  return errorReply(new DiagError("bug", "diagbot failed to handle this; it has been logged"));
}

/** Said when the time to acknowledge is over and nobody knows yet. The truth follows through the response URL. */
export const unconfirmed = (): Reply =>
  errorReply(
    new DiagError("timeout", "diagbot's database did not answer in time, so this is not accepted yet", {
      hint: "if no answer follows here within a minute, ask again",
    }),
  );
