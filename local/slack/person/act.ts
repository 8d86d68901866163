import type { BlockAction } from "@slack/bolt";
import type { Backstage } from "../backstage.ts";
import type { Place } from "../blocks/interactive.ts";
import { valueFor } from "../blocks/values.ts";
import type { Ack, LocalMessage, LocalValue, LocalView } from "../types.ts";
import { wireMessage, wireView } from "../wire.ts";
import { placeOf, type Surface, surfaceKey, type Wanted } from "./surface.ts";
import { who } from "./who.ts";

const pressed = ({ element }: Place) => ({
  text: element.text,
  ...(element.value === undefined ? {} : { value: element.value }),
  ...(element.style === undefined ? {} : { style: element.style }),
  ...(element.url === undefined ? {} : { url: element.url }),
});

const isButton = ({ element }: Place) => element.type === "button" || element.type === "icon_button";

const messagePart = ({ workspace, url }: Backstage, user: string, message: LocalMessage) => {
  const ephemeral = message.ephemeralFor !== undefined;
  const thread = message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts };
  const channel = workspace.directory.channel(message.channel);
  const target = { channel: message.channel, user, ts: message.ts };
  return {
    container: {
      type: "message",
      message_ts: message.ts,
      channel_id: message.channel,
      is_ephemeral: ephemeral,
      ...thread,
    },
    channel: { id: channel.id, name: channel.is_im === true ? "directmessage" : channel.name },
    ...(ephemeral ? {} : { message: wireMessage(workspace, message) }),
    state: { values: workspace.filled.of(user, message) },
    response_url:
      url() +
      workspace.responses.issue(
        message.thread_ts === undefined ? target : { ...target, thread: message.thread_ts },
      ),
  };
};

const viewPart = (view: LocalView) => ({
  container: { type: "view", view_id: view.id },
  view: wireView(view),
});

const remember = (
  { workspace }: Backstage,
  user: string,
  surface: Surface,
  place: Place,
  value: LocalValue,
): Surface => {
  const { block_id, element } = place;
  if (surface.kind === "view")
    return { kind: "view", view: workspace.views.fill(surface.view, block_id, element.action_id, value) };
  workspace.filled.fill(user, surface.message, block_id, element.action_id, value);
  return surface;
};

/**
 * A person presses a button or chooses in a menu. Resolves with the app's acknowledgement (`{}` for an input that does
 * not dispatch); rejects with `PersonSees`. Throws when there is no such element or option.
 */
export async function act(
  backstage: Backstage,
  user: string,
  surface: Surface,
  wanted: Wanted,
): Promise<Ack> {
  const { workspace, delivery } = backstage;
  const place = placeOf(surface, wanted);
  const { element, block_id, input } = place;
  const about = {
    type: element.type,
    action_id: element.action_id,
    block_id,
    action_ts: workspace.clock.timestamp(),
  };
  let action: Record<string, unknown> = { ...about, ...pressed(place) };
  let now = surface;
  if (!isButton(place)) {
    const offered = workspace.views.offers(surfaceKey(surface), element.action_id);
    const value = valueFor(element, wanted.input ?? null, offered);
    action = { ...about, ...value };
    if (element.type !== "overflow") now = remember(backstage, user, surface, place, value);
    if (input !== undefined && input.dispatch_action !== true) return {};
  }
  const payload = {
    type: "block_actions",
    ...who(backstage, user),
    ...(now.kind === "view" ? viewPart(now.view) : messagePart(backstage, user, now.message)),
    trigger_id: workspace.triggers.issue(user),
    actions: [action],
  } satisfies Partial<Record<keyof BlockAction, unknown>>;
  return delivery.deliver("interactive", payload);
}
