import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { checkView } from "../limits/check.ts";
import type { LocalView } from "../types.ts";
import { wireView } from "../wire.ts";
import { type Answer, type Method, maybe, method, word } from "./method.ts";

type Views = WebClient["views"];

const shown = (view: LocalView) => ({ view: wireView(view) as object });
const opening = z.object({ trigger_id: word, view: z.unknown() });

const open = method("views.open", undefined, opening, ({ trigger_id, view }, { workspace }) => {
  const checked = checkView(view);
  return shown(workspace.views.open(workspace.triggers.spend(trigger_id), checked)) satisfies Answer<
    Views["open"]
  >;
});

const push = method("views.push", undefined, opening, ({ trigger_id, view }, { workspace }) => {
  const checked = checkView(view);
  const user = workspace.triggers.spend(trigger_id);
  if (workspace.views.depth(user) === 0) throw new SlackError("not_found");
  return shown(workspace.views.push(user, checked)) satisfies Answer<Views["push"]>;
});

const update = method(
  "views.update",
  undefined,
  z.object({ view_id: maybe, external_id: maybe, hash: maybe, view: z.unknown() }),
  ({ view_id, external_id, hash, view }, { workspace }) => {
    if (view_id === undefined && external_id === undefined) {
      throw new SlackError("invalid_arguments", ["missing required field: view_id or external_id"]);
    }
    const reference = {
      ...(view_id === undefined ? {} : { id: view_id }),
      ...(external_id === undefined ? {} : { external: external_id }),
      ...(hash === undefined ? {} : { hash }),
    };
    return shown(workspace.views.update(reference, checkView(view))) satisfies Answer<Views["update"]>;
  },
);

const publish = method(
  "views.publish",
  undefined,
  z.object({ user_id: word, hash: maybe, view: z.unknown() }),
  ({ user_id, hash, view }, { workspace }) => {
    const person = workspace.directory.person(user_id);
    return shown(workspace.views.publish(person.id, checkView(view), hash)) satisfies Answer<
      Views["publish"]
    >;
  },
);

/** The `views.*` methods. */
export const views: readonly Method[] = [open, push, update, publish];
