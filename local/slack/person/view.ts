import type { ViewClosedAction, ViewSubmitAction } from "@slack/bolt";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { places } from "../blocks/interactive.ts";
import { complaint, type FieldInput, valueFor } from "../blocks/values.ts";
import { PersonSees } from "../errors.ts";
import { checkView } from "../limits/check.ts";
import type { LocalView, ViewAck } from "../types.ts";
import { wireView } from "../wire.ts";
import { surfaceKey } from "./surface.ts";
import { who } from "./who.ts";

/** What a person fills in, by block_id; for a block with one input its value alone, else by action_id. */
export type FormInput = Readonly<Record<string, FieldInput | Readonly<Record<string, FieldInput>>>>;

const front = ({ workspace }: Backstage, user: string): LocalView => {
  const view = workspace.views.top(user);
  if (view === undefined) throw new Error(`${user} has no modal open`);
  return view;
};

const isMap = (given: FormInput[string]): given is Readonly<Record<string, FieldInput>> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

const fillIn = ({ workspace }: Backstage, view: LocalView, form: FormInput): LocalView => {
  let filled = view;
  for (const [blockId, given] of Object.entries(form)) {
    const here = places(view.blocks).filter((place) => place.block_id === blockId);
    if (here.length === 0)
      throw new Error(
        `the form has no block "${blockId}"; it has: ${view.blocks.map((block) => block.block_id).join(", ")}`,
      );
    for (const { element } of here) {
      const input = isMap(given) ? given[element.action_id] : given;
      if (input === undefined) continue;
      const offered = workspace.views.offers(surfaceKey({ kind: "view", view }), element.action_id);
      filled = workspace.views.fill(filled, blockId, element.action_id, valueFor(element, input, offered));
    }
  }
  return filled;
};

const complaintsAbout = (view: LocalView): Record<string, string> => {
  const errors: Record<string, string> = {};
  for (const place of places(view.blocks)) {
    const value = view.state.values[place.block_id]?.[place.element.action_id];
    const said = place.input === undefined || value === undefined ? undefined : complaint(place, value);
    if (said !== undefined) errors[place.block_id] = said;
  }
  return errors;
};

const answer = z.union([
  z.object({ response_action: z.literal("errors"), errors: z.record(z.string(), z.string()) }),
  z.object({ response_action: z.enum(["update", "push"]), view: z.unknown() }),
  z.object({ response_action: z.literal("clear") }),
  z.object({ response_action: z.undefined().optional() }),
]);

const CONNECTING = "We had some trouble connecting. Try again?";

// Slack shows errors below input blocks only and answers anything else with the line above.
const showErrors = ({ workspace }: Backstage, view: LocalView, errors: Record<string, string>): void => {
  const inputs = new Set(
    view.blocks.filter((block) => block.type === "input").map((block) => block.block_id),
  );
  const strangers = Object.keys(errors).filter((blockId) => !inputs.has(blockId));
  if (strangers.length > 0)
    throw new PersonSees(
      "invalid_response",
      `${CONNECTING} (errors for ${strangers.join(", ")}, which are no inputs)`,
    );
  workspace.views.complain(view, errors);
};

const apply = (backstage: Backstage, view: LocalView, ack: ViewAck): void => {
  const { views } = backstage.workspace;
  const parsed = answer.safeParse(ack);
  if (!parsed.success) throw new PersonSees("invalid_response", CONNECTING);
  const said = parsed.data;
  if (said.response_action === "errors") showErrors(backstage, view, said.errors);
  else if (said.response_action === "update") views.update({ id: view.id }, checkView(said.view));
  else if (said.response_action === "push") views.push(view.user, checkView(said.view));
  else if (said.response_action === "clear") views.clear(view.user);
  else views.close(view);
};

/**
 * A person fills in the modal in front of them and submits it. What Slack itself finds wrong (a required input left
 * empty) comes back as `errors` without asking the app. Resolves with the app's answer, already applied.
 */
export async function submit(backstage: Backstage, user: string, form: FormInput): Promise<ViewAck> {
  const { workspace, delivery } = backstage;
  const filled = fillIn(backstage, front(backstage, user), form);
  const errors = complaintsAbout(filled);
  const view = workspace.views.complain(filled, errors);
  if (Object.keys(errors).length > 0) return { response_action: "errors", errors };
  const payload = {
    type: "view_submission",
    ...who(backstage, user),
    trigger_id: workspace.triggers.issue(user),
    view: wireView(view),
    response_urls: [],
  } satisfies Partial<Record<keyof ViewSubmitAction, unknown>>;
  const ack: ViewAck = await delivery.deliver("interactive", payload);
  apply(backstage, view, ack);
  return ack;
}

/** A person closes the modal in front of them, or with `all` every one; the app hears of it when it asked to. */
export async function close(backstage: Backstage, user: string, all: boolean): Promise<void> {
  const { workspace, delivery } = backstage;
  const view = front(backstage, user);
  const cleared = all || view.clear_on_close;
  if (cleared) workspace.views.clear(user);
  else workspace.views.close(view);
  if (!view.notify_on_close) return;
  const payload = {
    type: "view_closed",
    ...who(backstage, user),
    view: wireView(view),
    is_cleared: cleared,
  } satisfies Partial<Record<keyof ViewClosedAction, unknown>>;
  await delivery.deliver("interactive", payload);
}
