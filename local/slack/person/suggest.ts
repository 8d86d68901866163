import type { BlockSuggestion } from "@slack/bolt";
import type { Option } from "@slack/types";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { plainOption } from "../limits/text.ts";
import { wireMessage, wireView } from "../wire.ts";
import { placeOf, type Surface, surfaceKey, type Wanted } from "./surface.ts";
import { who } from "./who.ts";

const offered = z.union([
  z.object({ options: z.array(plainOption).max(100) }).transform(({ options }) => options),
  z
    .object({ option_groups: z.array(z.object({ options: z.array(plainOption).max(100) })).max(100) })
    .transform(({ option_groups }) => option_groups.flatMap((group) => group.options)),
]);

/** A person types into an external select; resolves with the options the app offers, which can then be chosen. */
export async function suggest(
  backstage: Backstage,
  user: string,
  surface: Surface,
  wanted: Wanted,
  text: string,
): Promise<readonly Option[]> {
  const { workspace, delivery } = backstage;
  const { element, block_id } = placeOf(surface, wanted);
  const where =
    surface.kind === "view"
      ? { container: { type: "view", view_id: surface.view.id }, view: wireView(surface.view) }
      : {
          container: { type: "message", message_ts: surface.message.ts, channel_id: surface.message.channel },
          channel: {
            id: surface.message.channel,
            name: workspace.directory.channel(surface.message.channel).name,
          },
          message: wireMessage(workspace, surface.message),
        };
  const payload = {
    type: "block_suggestion",
    ...who(backstage, user),
    ...where,
    action_id: element.action_id,
    block_id,
    value: text,
  } satisfies Partial<Record<keyof BlockSuggestion, unknown>>;
  const options = offered.parse(await delivery.deliver("interactive", payload));
  workspace.views.offer(surfaceKey(surface), element.action_id, options);
  return options;
}
