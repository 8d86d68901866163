import { SAY_TROUBLE } from "../../core/rules/channel.ts";
import { isChannelTrouble, NO_CHANNEL } from "../../core/words/channel.ts";
import type { ThreadView } from "../../core/words/view.ts";
import { type Piece, plain, rich } from "../../slack/blocks.ts";
import { mrkdwn } from "../../slack/escape.ts";
import type { WantedMessage } from "../wanted.ts";

/** The root of a thread that is shown elsewhere says where it belongs, why it is not there, and what to do about it. */
export function noteMoved(head: WantedMessage, moved: ThreadView["moved"]): WantedMessage {
  if (moved === undefined || moved.meantFor === NO_CHANNEL) return head;
  const { meantFor, because } = moved;
  const said = isChannelTrouble(because) ? SAY_TROUBLE[because] : undefined;
  const why = said === undefined ? "" : ` because ${said.because}. To do: ${said.fix}`;
  const [first, ...others] = head.blocks;
  const note = rich(
    plain("⚠️ This belongs in "),
    ...nameOf(meantFor),
    plain(`, where diagbot cannot post${why}.`, 600),
  );
  return {
    ...head,
    text: `${head.text} (belongs in ${mrkdwn(meantFor, 30)})`,
    blocks: first === undefined ? [note] : [first, note, ...others],
  };
}

/** Slack shows no name of a channel the reader is not in, so the id stands beside it. */
const nameOf = (channel: string): Piece[] =>
  /^[CGD][A-Z0-9]{2,20}$/.test(channel)
    ? [{ type: "channel", channel_id: channel }, plain(` (${channel})`)]
    : [plain(channel, 80)];
