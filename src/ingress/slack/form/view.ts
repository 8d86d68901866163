import type { InputBlock, KnownBlock, ModalView, PlainTextOption, StaticSelect } from "@slack/types";
import type { Catalog } from "../../../core/ports/catalog.ts";
import { paramFields } from "../../../core/rules/param-field.ts";
import type { Kind } from "../../../core/words/connection.ts";
import type { Runbook } from "../../../core/words/runbook.ts";
import { connectionsOf, type System } from "../../../core/words/system.ts";
import { plain, rich } from "../../../slack/text-blocks.ts";
import { runnableOn } from "../../check-run.ts";
import { paramInput } from "./inputs.ts";

export const FORM = "diag:form";
export const PICK_SYSTEM = "form:system";
export const PICK_RUNBOOK = "form:runbook";

/** What has been chosen so far. `channel` is where the form was opened. */
export interface FormState {
  readonly channel: string;
  readonly system?: string | undefined;
  readonly runbook?: string | undefined;
}

/**
 * The form for what has been chosen so far: systems, then the runbooks the system can run, then the runbook's
 * parameters. Block ids carry what they depend on: Slack keeps the values of blocks whose id stays.
 */
export function formView(catalog: Catalog, state: FormState): ModalView {
  const system = catalog.systems.find(({ id }) => id === state.system);
  const runbooks = system === undefined ? [] : runnableOn(catalog, system);
  const runbook = runbooks.find(({ id }) => id === state.runbook);
  return {
    type: "modal",
    callback_id: FORM,
    title: plain("Run a diagnosis", 24),
    submit: plain("Run", 24),
    close: plain("Cancel", 24),
    private_metadata: JSON.stringify({ channel: state.channel }),
    blocks: [
      ...systemBlocks(catalog, system),
      ...(system === undefined ? [] : runbookBlocks(system, runbooks, runbook)),
      ...(system === undefined || runbook === undefined ? [] : detailBlocks(system, runbook)),
    ].slice(0, 100),
  };
}

function systemBlocks(catalog: Catalog, chosen: System | undefined): KnownBlock[] {
  if (catalog.systems.length === 0) return [rich("No system is configured in `diagbot.yaml` yet.")];
  const options = catalog.systems.map(({ id }) => option(id, id));
  return [choice("system", "System", PICK_SYSTEM, options, chosen?.id)];
}

function runbookBlocks(
  system: System,
  runbooks: readonly Runbook[],
  chosen: Runbook | undefined,
): KnownBlock[] {
  if (runbooks.length === 0) return [rich(`\`${system.id}\` has no connection any runbook could use.`)];
  const options = runbooks.map(({ id, title }) => option(`${title} (${id})`, id));
  return [choice(`runbook/${system.id}`, "Runbook", PICK_RUNBOOK, options, chosen?.id)];
}

function detailBlocks(system: System, runbook: Runbook): KnownBlock[] {
  const several = runbook.needs.filter((kind) => connectionsOf(system, kind).length > 1);
  return [
    ...several.map((kind) => connectionInput(system, kind)),
    ...paramFields(runbook).map((field) => paramInput(`param/${runbook.id}/${field.name}`, field)),
  ];
}

function connectionInput(system: System, kind: Kind): KnownBlock {
  const options = connectionsOf(system, kind).map(([name]) => option(name, name));
  const [first] = options;
  return {
    type: "input",
    block_id: `connection/${system.id}/${kind}`,
    label: plain(`Connection (${kind})`),
    element: { ...select("value", options), ...(first === undefined ? {} : { initial_option: first }) },
  };
}

function choice(
  block: string,
  label: string,
  action: string,
  options: readonly PlainTextOption[],
  chosen: string | undefined,
): InputBlock {
  const initial = options.find(({ value }) => value === chosen);
  return {
    type: "input",
    block_id: block,
    dispatch_action: true,
    label: plain(label),
    element: {
      ...select(action, options),
      placeholder: plain(`Choose a ${label.toLowerCase()}`),
      ...(initial === undefined ? {} : { initial_option: initial }),
    },
  };
}

const option = (text: string, value: string): PlainTextOption => ({ text: plain(text, 75), value });

/** Slack shows 100 options at most, or 100 groups of 100. */
function select(action: string, options: readonly PlainTextOption[]): StaticSelect {
  const base = { type: "static_select", action_id: action } as const;
  if (options.length <= 100) return { ...base, options: [...options] };
  const groups = Array.from({ length: Math.ceil(options.length / 100) }, (_, at) => {
    const members = options.slice(at * 100, at * 100 + 100);
    return { label: plain(`${members[0]?.value} …`, 75), options: members };
  });
  return { ...base, option_groups: groups.slice(0, 100) };
}
