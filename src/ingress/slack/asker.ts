import { z } from "zod";
import type { Entry } from "../../core/ports/intake.ts";
import { DiagError } from "../../core/words/errors.ts";
import { sha256 } from "../../lib/sha256.ts";
import { storable } from "../../lib/storable.ts";
import type { Asker } from "./identity.ts";

/** Members that would let a reader of the inbox act in somebody's name. */
const CREDENTIALS = new Set(["token", "response_url", "response_urls", "upload_url"]);
const RAW_LIMIT = 65_536;

/** The request for the inbox. Commands and clicks have no delivery id: team, user and trigger name them, else all they say. */
export const entryOf = (asker: Asker, body: object): Entry => ({
  source: "slack",
  dedupeKey: `slack:${asker.team}|${asker.user}|${asker.trigger || sha256(JSON.stringify(body))}`,
  raw: storable(
    JSON.stringify(body, (key, value: unknown) => (CREDENTIALS.has(key) ? undefined : value)).slice(
      0,
      RAW_LIMIT,
    ),
  ),
});

const Command = z.object({
  team_id: z.string(),
  user_id: z.string(),
  trigger_id: z.string(),
  channel_id: z.string(),
});

/** From a slash command's body. Throws `usage` where a field is missing or stands there twice. */
export function askerOfCommand(body: unknown): Asker {
  const command = Command.safeParse(body);
  if (!command.success)
    throw new DiagError("usage", "this command did not arrive as Slack sends it", { hint: "type it again" });
  const { team_id: team, user_id: user, trigger_id: trigger, channel_id: channel } = command.data;
  return { team, user, trigger, channel };
}

/** From the body of a click or of a submitted form. */
export const askerOf = (body: {
  team: { id: string } | null;
  user: { id: string; team_id?: string };
  trigger_id?: string;
  channel?: { id: string };
}): Asker => ({
  team: body.team?.id ?? body.user.team_id ?? "",
  user: body.user.id,
  trigger: body.trigger_id ?? "",
  ...(body.channel === undefined ? {} : { channel: body.channel.id }),
});
