// Nodes of mrkdwn.js, markdown.js and rich-text.js -> elements.
import { h } from "./dom.js";
import { parseMarkdown } from "./markdown.js";
import { parseMrkdwn } from "./mrkdwn.js";
import { parseRichText } from "./rich-text.js";
import { channelById, goTo, groupById, personById, state } from "./store.js";
import { dateText } from "./time.js";

const emojis = await fetch("/emoji.json").then((answer) => answer.json());

/** The character of a short name; undefined for a name there is no emoji for. */
export const emojiFor = (name) => emojis[name];

const mention = (label, mine) => h("span", { class: mine ? "mention mine" : "mention" }, label);

const channelLink = ({ id, label }) => {
  const channel = channelById(id);
  if (channel === undefined) return mention(`#${label ?? id}`);
  return h("a", { class: "mention", href: `#${id}`, on: { click: () => goTo(id) } }, `#${channel.name}`);
};

const makers = {
  text: (node) => node.text,
  bold: (node) => h("b", {}, nodes(node.children)),
  italic: (node) => h("i", {}, nodes(node.children)),
  strike: (node) => h("s", {}, nodes(node.children)),
  code: (node) => h("code", {}, node.text),
  pre: (node) => h("pre", {}, node.text),
  quote: (node) => h("blockquote", {}, nodes(node.children)),
  link: (node) =>
    h("a", { href: node.url, target: "_blank", rel: "noopener noreferrer" }, nodes(node.children)),
  user: (node) =>
    mention(`@${personById(node.id)?.real_name ?? node.label ?? node.id}`, node.id === state.me),
  channel: channelLink,
  group: (node) => mention(`@${groupById(node.id)?.handle ?? (node.label ?? node.id).replace(/^@/, "")}`),
  broadcast: (node) => mention(`@${node.name}`, true),
  date: (node) => dateText(node),
  emoji: (node) => {
    const character = emojiFor(node.name);
    return character === undefined
      ? node.text
      : h("span", { class: "emoji", title: node.text, role: "img", "aria-label": node.name }, character);
  },
  paragraph: (node) => h("p", {}, nodes(node.children)),
  heading: (node) => h("p", { class: `heading level${node.level}` }, nodes(node.children)),
  rule: () => h("hr"),
  list: (node) =>
    h(
      node.ordered ? "ol" : "ul",
      { start: node.start, class: node.indent ? `indent${node.indent}` : undefined },
      node.items.map((item) => h("li", {}, nodes(item))),
    ),
  table: (node) => tableOf(node.rows.map((row) => row.map((cell) => nodes(cell)))),
};

/** Nodes -> elements and text. */
export const nodes = (list) => list.map((node) => makers[node.type]?.(node) ?? "");

/** A table whose first row is its header; `columns` may align and wrap. */
export function tableOf(rows, columns = []) {
  const cell = (tag) => (content, index) => {
    const { align = "left", is_wrapped = false } = columns[index] ?? {};
    return h(tag, { class: `${align}${is_wrapped ? " wrapped" : ""}` }, content);
  };
  const [head = [], ...body] = rows;
  return h(
    "div",
    { class: "table", tabindex: "0" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, head.map(cell("th")))),
      h(
        "tbody",
        {},
        body.map((row) => h("tr", {}, row.map(cell("td")))),
      ),
    ),
  );
}

/** Elements of a mrkdwn text. */
export const mrkdwn = (text) => nodes(parseMrkdwn(text));
/** Elements of a Markdown text. */
export const markdown = (text) => nodes(parseMarkdown(text));
/** Elements of a rich_text block. */
export const richText = (block) => nodes(parseRichText(block.elements));

/** Elements of a `plain_text` object: emoji only. */
export const plain = (text) =>
  text.split(/(:[a-z0-9_+'-]+:)/).map((part) => {
    const character = /^:.+:$/.test(part) ? emojiFor(part.slice(1, -1)) : undefined;
    return character === undefined ? part : h("span", { class: "emoji", title: part }, character);
  });

/** Elements of a text object of either kind. */
export const textObject = (object) => (object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object.text));
