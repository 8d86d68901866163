import type { KnownBlock, Option } from "@slack/types";
import type { LocalValue, LocalValues } from "../types.ts";
import { optionsOf, type Place, places, type UsableElement } from "./interactive.ts";

/** What a person puts into an input: a text, the `value` of an option, an id, several of those; null empties it. */
export type FieldInput = string | number | null | readonly string[];

type Shape = "text" | "option" | "options" | "id" | "ids" | "number";

/** How Slack writes the state of each kind of element; kinds that are not here have no state. */
const KINDS: Readonly<
  Record<string, { readonly key: string; readonly initial: string; readonly shape: Shape }>
> = {
  plain_text_input: { key: "value", initial: "initial_value", shape: "text" },
  number_input: { key: "value", initial: "initial_value", shape: "text" },
  email_text_input: { key: "value", initial: "initial_value", shape: "text" },
  url_text_input: { key: "value", initial: "initial_value", shape: "text" },
  static_select: { key: "selected_option", initial: "initial_option", shape: "option" },
  external_select: { key: "selected_option", initial: "initial_option", shape: "option" },
  radio_buttons: { key: "selected_option", initial: "initial_option", shape: "option" },
  overflow: { key: "selected_option", initial: "initial_option", shape: "option" },
  multi_static_select: { key: "selected_options", initial: "initial_options", shape: "options" },
  multi_external_select: { key: "selected_options", initial: "initial_options", shape: "options" },
  checkboxes: { key: "selected_options", initial: "initial_options", shape: "options" },
  users_select: { key: "selected_user", initial: "initial_user", shape: "id" },
  multi_users_select: { key: "selected_users", initial: "initial_users", shape: "ids" },
  conversations_select: { key: "selected_conversation", initial: "initial_conversation", shape: "id" },
  multi_conversations_select: {
    key: "selected_conversations",
    initial: "initial_conversations",
    shape: "ids",
  },
  channels_select: { key: "selected_channel", initial: "initial_channel", shape: "id" },
  multi_channels_select: { key: "selected_channels", initial: "initial_channels", shape: "ids" },
  datepicker: { key: "selected_date", initial: "initial_date", shape: "id" },
  timepicker: { key: "selected_time", initial: "initial_time", shape: "id" },
  datetimepicker: { key: "selected_date_time", initial: "initial_date_time", shape: "number" },
};

// An overflow menu is told about when it is used and then forgets.
const FORGETFUL = new Set(["overflow"]);

const listOf = (input: FieldInput): readonly string[] => {
  if (input === null || input === "") return [];
  return Array.isArray(input) ? input : [String(input)];
};

const optionFor = (element: UsableElement, options: readonly Option[], value: string): Option => {
  const found = options.find((option) => option.value === value);
  if (found !== undefined) return found;
  const known = options.map((option) => option.value).join(", ");
  throw new Error(`"${element.action_id}" has no option "${value}"; it has: ${known}`);
};

const readers: Readonly<Record<Shape, (input: FieldInput, pick: (value: string) => Option) => unknown>> = {
  text: (input) => (input === null || input === "" ? null : String(input)),
  id: (input) => (input === null || input === "" ? null : String(input)),
  number: (input) => (input === null || input === "" ? null : Number(input)),
  ids: listOf,
  option: (input, pick) => (input === null || input === "" ? null : pick(String(input))),
  options: (input, pick) => listOf(input).map(pick),
};

/**
 * The state of an element after a person's input. `suggested` are the options the app offered for an external select.
 * Throws when the element has no such option.
 */
export function valueFor(
  element: UsableElement,
  input: FieldInput,
  suggested: readonly Option[] = [],
): LocalValue {
  const kind = KINDS[element.type];
  if (kind === undefined)
    throw new Error(`"${element.action_id}" is a ${element.type}: nothing can be put into it`);
  const options = [...optionsOf(element), ...suggested];
  const value = readers[kind.shape](input, (wanted) => optionFor(element, options, wanted));
  return { type: element.type, [kind.key]: value };
}

const initialValue = (element: UsableElement): LocalValue | undefined => {
  const kind = KINDS[element.type];
  if (kind === undefined || FORGETFUL.has(element.type)) return undefined;
  const empty = kind.shape === "options" || kind.shape === "ids" ? [] : null;
  return { type: element.type, [kind.key]: element[kind.initial as `initial_${string}`] ?? empty };
};

const stillOffered = (element: UsableElement, value: LocalValue): boolean => {
  const options = optionsOf(element);
  if (options.length === 0) return true;
  const chosen = [value.selected_option ?? [], value.selected_options ?? []].flat() as Option[];
  return chosen.every((each) => options.some((option) => option.value === each.value));
};

/** `state.values` of these blocks: what a person put in (as long as the element is still the same), else what it began with. */
export function stateOf(blocks: readonly KnownBlock[], kept: LocalValues): LocalValues {
  const state: Record<string, Record<string, LocalValue>> = {};
  for (const { block_id, element } of places(blocks)) {
    const initial = initialValue(element);
    if (initial === undefined) continue;
    const before = kept[block_id]?.[element.action_id];
    const holds = before?.type === element.type && stillOffered(element, before);
    state[block_id] = { ...state[block_id], [element.action_id]: holds ? before : initial };
  }
  return state;
}

const isEmpty = (value: LocalValue): boolean => {
  const kind = KINDS[value.type];
  const inner = kind === undefined ? undefined : value[kind.key as keyof LocalValue];
  return inner === null || inner === undefined || (Array.isArray(inner) && inner.length === 0);
};

const textComplaint = (element: UsableElement, text: string): string | undefined => {
  if (element.min_length !== undefined && text.length < element.min_length)
    return `Must be at least ${element.min_length} characters.`;
  if (element.max_length !== undefined && text.length > element.max_length)
    return `Must be at most ${element.max_length} characters.`;
  return undefined;
};

const numberComplaint = (element: UsableElement, text: string): string | undefined => {
  const number = Number(text);
  if (!Number.isFinite(number)) return "Please enter a valid number.";
  if (element.is_decimal_allowed !== true && !Number.isInteger(number)) return "Please enter a whole number.";
  if (element.min_value !== undefined && number < Number(element.min_value))
    return `Must be at least ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value))
    return `Must be at most ${element.max_value}.`;
  return undefined;
};

/** What Slack itself says about an input before it bothers the app; undefined when it is fine. */
export function complaint({ element, input }: Place, value: LocalValue): string | undefined {
  if (isEmpty(value)) return input?.optional === true ? undefined : "Please complete this required field.";
  if (typeof value.value !== "string") return undefined;
  return element.type === "number_input"
    ? numberComplaint(element, value.value)
    : textComplaint(element, value.value);
}
