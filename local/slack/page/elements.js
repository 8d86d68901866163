// Block elements a person can use. `context` says where they stand: { at, blockId, value(element), act, ask }.
import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { plain, textObject } from "./format.js";
import { openMenu } from "./menu.js";
import { isSelect, select } from "./selects.js";

const keyOf = (element, { blockId }) => `${blockId} ${element.action_id}`;

/** Does what an element does, after its confirm dialog, showing meanwhile that it is being done. */
async function use(element, context, input, face) {
  if (!(await confirmed(element.confirm))) return;
  face?.classList.add("busy");
  face?.setAttribute("aria-busy", "true");
  await context.act(element, input);
  face?.classList.remove("busy");
  face?.removeAttribute("aria-busy");
}

function button(element, context) {
  const face = h(
    "button",
    {
      type: "button",
      class: `button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      data: { action: element.action_id, block: context.blockId, value: element.value },
      on: {
        click: () => {
          if (face.classList.contains("busy")) return;
          if (element.url) window.open(element.url, "_blank", "noopener");
          void use(element, context, element.value, face);
        },
      },
    },
    plain(element.text.text),
  );
  return face;
}

function overflow(element, context) {
  const face = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      data: { action: element.action_id, block: context.blockId },
    },
    "⋯",
  );
  face.addEventListener("click", () => {
    openMenu(
      face,
      element.options.map((each) => ({
        face: [
          h("span", {}, plain(each.text.text)),
          each.description && h("small", {}, plain(each.description.text)),
        ],
        take: () => void use(element, context, each.value, face),
      })),
    );
  });
  return face;
}

const picture = (element) =>
  h("img", {
    class: "thumb",
    src: element.image_url ?? element.slack_file?.url ?? `/files/${element.slack_file?.id}/`,
    alt: element.alt_text,
  });

function choices(element, context) {
  const single = element.type === "radio_buttons";
  const value = context.value(element);
  const chosen = single
    ? [value?.selected_option?.value]
    : (value?.selected_options ?? []).map((each) => each.value);
  const boxes = element.options.map((each) =>
    h("input", {
      type: single ? "radio" : "checkbox",
      name: keyOf(element, context),
      value: each.value,
      checked: chosen.includes(each.value),
    }),
  );
  const tell = () => {
    const picked = boxes.filter((box) => box.checked).map((box) => box.value);
    void use(element, context, single ? (picked[0] ?? null) : picked);
  };
  const labels = element.options.map((each, index) =>
    h(
      "label",
      { class: "choice" },
      boxes[index],
      h("span", {}, textObject(each.text), each.description && h("small", {}, textObject(each.description))),
    ),
  );
  return h("div", { class: "choices", role: single ? "radiogroup" : "group", on: { change: tell } }, labels);
}

const PICKERS = {
  datepicker: { type: "date", key: "selected_date" },
  timepicker: { type: "time", key: "selected_time" },
  datetimepicker: { type: "datetime-local", key: "selected_date_time" },
};

function picker(element, context) {
  const { type, key } = PICKERS[element.type];
  const read = (raw) =>
    type === "datetime-local" && raw !== "" ? Math.floor(new Date(raw).getTime() / 1000) : raw || null;
  const shown = context.value(element)?.[key] ?? "";
  const local = (at) =>
    new Date(at * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
  const value = type === "datetime-local" && shown !== "" ? local(shown) : shown;
  return h("input", {
    class: "field",
    type,
    value,
    data: { key: keyOf(element, context) },
    on: { change: (event) => void use(element, context, read(event.target.value)) },
  });
}

const TEXTS = {
  plain_text_input: "text",
  number_input: "text",
  email_text_input: "email",
  url_text_input: "url",
};

function textInput(element, context) {
  const tag = element.multiline ? "textarea" : "input";
  return h(tag, {
    class: "field",
    type: element.multiline ? undefined : TEXTS[element.type],
    inputmode: element.type === "number_input" ? "decimal" : undefined,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    autocomplete: "off",
    value: context.value(element)?.value ?? "",
    data: { key: keyOf(element, context), autofocus: element.focus_on_load ? "" : undefined },
    on: {
      input: (event) => context.typing?.(element, event.target.value),
      change: (event) => void context.act(element, event.target.value),
    },
  });
}

/** One element. */
export function element(each, context) {
  if (each.type === "button" || each.type === "workflow_button") return button(each, context);
  if (each.type === "overflow") return overflow(each, context);
  if (each.type === "image") return picture(each);
  if (each.type === "checkboxes" || each.type === "radio_buttons") return choices(each, context);
  if (PICKERS[each.type] !== undefined) return picker(each, context);
  if (TEXTS[each.type] !== undefined) return textInput(each, context);
  if (isSelect(each)) {
    const change = (input) => void use(each, context, input);
    return select(each, {
      value: context.value(each),
      ask: (typed) => context.ask(each, typed),
      change,
      key: keyOf(each, context),
      label: context.label,
    });
  }
  return h("span", { class: "undrawn" }, `[${each.type}]`);
}
