// Block Kit -> elements.
import { h } from "./dom.js";
import { element } from "./elements.js";
import { markdown, plain, richText, tableOf, textObject } from "./format.js";
import { enlarge } from "./lightbox.js";

const source = (block) => block.image_url ?? block.slack_file?.url ?? `/files/${block.slack_file?.id}/`;

const section = (block, context) =>
  h(
    "div",
    { class: "block section" },
    h(
      "div",
      { class: "section-text" },
      block.text && h("div", { class: "mrkdwn" }, textObject(block.text)),
      block.fields &&
        h(
          "div",
          { class: "fields" },
          block.fields.map((field) => h("div", { class: "mrkdwn" }, textObject(field))),
        ),
    ),
    block.accessory && h("div", { class: "accessory" }, element(block.accessory, context)),
  );

const contextElement = (each) =>
  each.type === "image"
    ? h("img", { src: source(each), alt: each.alt_text })
    : h("span", { class: "mrkdwn" }, textObject(each));

const cell = (content) => (content.type === "rich_text" ? richText(content) : content.text);

function input(block, context) {
  const error = context.errors?.[block.block_id];
  return h(
    "div",
    { class: error ? "block input wrong" : "block input", data: { block: block.block_id } },
    h(
      "div",
      { class: "label" },
      plain(block.label.text),
      block.optional && h("span", { class: "optional" }, " (optional)"),
    ),
    element(block.element, { ...context, label: block.label.text }),
    error && h("div", { class: "error", role: "alert" }, error),
    block.hint && h("div", { class: "hint" }, plain(block.hint.text)),
  );
}

const makers = {
  header: (block) =>
    h("div", { class: "block header", role: "heading", "aria-level": "3" }, plain(block.text.text)),
  divider: () => h("hr", { class: "block" }),
  section,
  context: (block) => h("div", { class: "block context" }, block.elements.map(contextElement)),
  actions: (block, context) =>
    h(
      "div",
      { class: "block actions" },
      block.elements.map((each) => element(each, context)),
    ),
  image: (block) =>
    h(
      "figure",
      { class: "block image" },
      block.title && h("figcaption", {}, plain(block.title.text)),
      h("img", {
        src: source(block),
        alt: block.alt_text,
        loading: "lazy",
        on: { click: () => enlarge(source(block), block.alt_text) },
      }),
    ),
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text)),
  rich_text: (block) => h("div", { class: "block markdown" }, richText(block)),
  table: (block) =>
    h(
      "div",
      { class: "block" },
      tableOf(
        block.rows.map((row) => row.map(cell)),
        (block.column_settings ?? []).map((each) => each ?? {}),
      ),
    ),
  input,
};

/** The blocks of a message or view; `contextOf(block)` gives the context of its elements. */
export const blocks = (list, contextOf) =>
  list.map(
    (block) =>
      makers[block.type]?.(block, contextOf(block)) ??
      h("div", { class: "block undrawn" }, `[${block.type} block: not drawn here]`),
  );
