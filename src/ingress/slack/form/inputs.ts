import type { InputBlock } from "@slack/types";
import type { ParamField } from "../../../core/rules/param-field.ts";
import { plain } from "../../../slack/text-blocks.ts";

type Element = InputBlock["element"];

/** The input of one runbook parameter, with its default filled in and its description as hint. */
export function paramInput(blockId: string, field: ParamField): InputBlock {
  return {
    type: "input",
    block_id: blockId,
    // An empty field means the default; an unticked box means no.
    optional: !field.required || field.kind === "boolean",
    label: plain(humanName(field.name)),
    ...(field.description === "" ? {} : { hint: plain(field.description) }),
    element: elementOf(field),
  };
}

function elementOf(field: ParamField): Element {
  if (field.kind === "boolean") return checkbox(field);
  if (field.kind === "choice" && fits(field.choices)) return select(field, field.choices);
  if (field.kind === "integer" || field.kind === "number") return numeric(field);
  const initial = textOf(field.default);
  return {
    type: "plain_text_input",
    action_id: "value",
    max_length: 1_000,
    ...(initial === undefined ? {} : { initial_value: initial }),
  };
}

function numeric(field: ParamField): Element {
  const initial = textOf(field.default);
  return {
    type: "number_input",
    action_id: "value",
    is_decimal_allowed: field.kind === "number",
    ...(field.min === undefined ? {} : { min_value: String(field.min) }),
    ...(field.max === undefined ? {} : { max_value: String(field.max) }),
    ...(initial === undefined ? {} : { initial_value: initial }),
  };
}

function checkbox(field: ParamField): Element {
  const yes = { text: plain("yes", 75), value: "true" };
  return {
    type: "checkboxes",
    action_id: "value",
    options: [yes],
    ...(field.default === true ? { initial_options: [yes] } : {}),
  };
}

function select(field: ParamField, choices: readonly string[]): Element {
  const options = choices.map((choice) => ({ text: plain(choice, 75), value: choice }));
  const initial = options.find(({ value }) => value === textOf(field.default));
  return {
    type: "static_select",
    action_id: "value",
    options,
    ...(initial === undefined ? {} : { initial_option: initial }),
  };
}

const fits = (choices: readonly string[] | undefined): choices is readonly string[] =>
  choices !== undefined &&
  choices.length > 0 &&
  choices.length <= 100 &&
  choices.every((choice) => choice !== "" && choice.length <= 75);

const textOf = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === "") return undefined;
  return Array.isArray(value) ? value.join(", ") || undefined : String(value);
};

/** `idleMinutes` as `Idle minutes`. */
const humanName = (name: string): string => {
  const words = name
    .replace(/[_-]+/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};
