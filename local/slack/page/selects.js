// Every kind of select element -> a combobox.
import { combobox } from "./combobox.js";
import { state } from "./store.js";

const option = (each, group) => ({
  value: each.value,
  text: each.text.text,
  group,
  description: each.description?.text,
});

const staticOptions = (element) =>
  element.options?.map((each) => option(each)) ??
  element.option_groups?.flatMap((group) => group.options.map((each) => option(each, group.label.text))) ??
  [];

const people = () => state.frame.people.map((person) => ({ value: person.id, text: person.real_name }));
const channels = () =>
  state.frame.channels
    .filter((each) => !each.is_im)
    .map((each) => ({ value: each.id, text: `# ${each.name}` }));

const SOURCES = {
  static_select: staticOptions,
  users_select: people,
  conversations_select: channels,
  channels_select: channels,
};

const ID_KEYS = {
  users_select: "selected_user",
  conversations_select: "selected_conversation",
  channels_select: "selected_channel",
};

const kindOf = (element) => element.type.replace(/^multi_/, "");

/** Whether an element is one of the selects. */
export const isSelect = (element) => kindOf(element).endsWith("_select");

function chosenOf(element, value) {
  const kind = kindOf(element);
  const key = ID_KEYS[kind];
  if (key === undefined)
    return [value?.selected_option ?? [], value?.selected_options ?? []].flat().map((each) => option(each));
  const ids = [value?.[key] ?? [], value?.[`${key}s`] ?? []].flat();
  return SOURCES[kind](element).filter((each) => ids.includes(each.value));
}

/** A select element. `value` is its state, `ask(typed)` gets the app's options, `change(input)` hears the choice. */
export function select(element, { value, ask, change, key, label }) {
  const kind = kindOf(element);
  const several = element.type.startsWith("multi_");
  const external = kind === "external_select";
  const least = element.min_query_length ?? 3;
  const load = async (typed) => {
    if (!external) return SOURCES[kind]?.(element) ?? [];
    return typed.length < least ? [] : (await ask(typed)).map((each) => option(each));
  };
  load.filters = !external;
  return combobox({
    load,
    several,
    chosen: chosenOf(element, value),
    placeholder: element.placeholder?.text ?? (several ? "Select options" : "Select an option"),
    label: element.placeholder?.text ?? label,
    key,
    change: (chosen) => change(several ? chosen.map((each) => each.value) : (chosen[0]?.value ?? null)),
  });
}
