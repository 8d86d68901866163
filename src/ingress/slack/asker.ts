import type { Entry } from "../../core/ports.ts";
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

/** From a slash command's body. */
export const askerOfCommand = (body: {
  team_id: string;
  user_id: string;
  trigger_id: string;
  channel_id: string;
}): Asker => ({
  team: body.team_id,
  user: body.user_id,
  trigger: body.trigger_id,
  channel: body.channel_id,
});

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
  ...(body.user.team_id === undefined ? {} : { userTeam: body.user.team_id }),
  ...(body.channel === undefined ? {} : { channel: body.channel.id }),
});
