import { type Place, places } from "../blocks/interactive.ts";
import type { FieldInput } from "../blocks/values.ts";
import type { Workspace } from "../state/workspace.ts";
import type { LocalMessage, LocalView } from "../types.ts";

/** Where a message stands. */
export interface At {
  readonly channel: string;
  readonly ts: string;
}

/** What a person acts on: a message they see, or the view in front of them. */
export type Surface =
  | { readonly kind: "message"; readonly message: LocalMessage }
  | { readonly kind: "view"; readonly view: LocalView };

/** The message at a place, if this person sees it. */
export function messageSurface({ directory, messages }: Workspace, user: string, at: At): Surface {
  const message = messages.find(directory.channel(at.channel).id, at.ts);
  const hidden = message?.ephemeralFor !== undefined && message.ephemeralFor !== user;
  if (message === undefined || hidden) throw new Error(`${user} sees no message ${at.ts} in ${at.channel}`);
  return { kind: "message", message };
}

/** The modal in front of a person, else their home tab. */
export function viewSurface({ views }: Workspace, user: string): Surface {
  const view = views.top(user) ?? views.home(user);
  if (view === undefined) throw new Error(`${user} has no view open`);
  return { kind: "view", view };
}

export const blocksOf = (surface: Surface) =>
  surface.kind === "view" ? surface.view.blocks : (surface.message.blocks ?? []);

/** A name under which what the app offered for an external select is remembered. */
export const surfaceKey = (surface: Surface) =>
  surface.kind === "view" ? surface.view.id : `${surface.message.channel} ${surface.message.ts}`;

export interface Wanted {
  readonly actionId: string;
  readonly blockId?: string | undefined;
  /** Tells buttons with one action_id apart. */
  readonly input?: FieldInput | undefined;
}

/** The one element that is meant. Throws when there is none, or more than one. */
export function placeOf(surface: Surface, wanted: Wanted): Place {
  const all = places(blocksOf(surface));
  const named = all.filter(
    ({ element, block_id }) =>
      element.action_id === wanted.actionId && (wanted.blockId === undefined || block_id === wanted.blockId),
  );
  const meant = named.filter(
    ({ element }) =>
      element.type !== "button" || wanted.input === undefined || element.value === wanted.input,
  );
  const [place, another] = meant;
  if (place === undefined) {
    const known = all.map(
      ({ element }) => `${element.action_id}${element.value === undefined ? "" : `=${element.value}`}`,
    );
    throw new Error(`no element "${wanted.actionId}" to use here; there are: ${known.join(", ") || "none"}`);
  }
  if (another !== undefined)
    throw new Error(`"${wanted.actionId}" stands here ${meant.length} times: say which by value or blockId`);
  return place;
}
