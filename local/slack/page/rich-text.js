// A `rich_text` block -> the same kind of nodes as mrkdwn.js.
import { link } from "./mrkdwn.js";

const STYLES = ["bold", "italic", "strike"];

const wrapped = (node, style = {}) => {
  const inner = style.code && node.type === "text" ? { type: "code", text: node.text } : node;
  return STYLES.filter((name) => style[name]).reduce(
    (child, name) => ({ type: name, children: [child] }),
    inner,
  );
};

const makers = {
  text: (element) => ({ type: "text", text: element.text }),
  link: (element) => link(element.url, [{ type: "text", text: element.text ?? element.url }]),
  user: (element) => ({ type: "user", id: element.user_id }),
  usergroup: (element) => ({ type: "group", id: element.usergroup_id }),
  channel: (element) => ({ type: "channel", id: element.channel_id }),
  broadcast: (element) => ({ type: "broadcast", name: element.range }),
  emoji: (element) => ({ type: "emoji", name: element.name, text: `:${element.name}:` }),
  color: (element) => ({ type: "code", text: element.value }),
  date: (element) => ({
    type: "date",
    seconds: element.timestamp,
    format: element.format,
    fallback: element.fallback ?? "",
  }),
};

const run = (elements) =>
  elements.map((element) =>
    wrapped(makers[element.type]?.(element) ?? { type: "text", text: element.text ?? "" }, element.style),
  );

const flat = (elements) => elements.map((element) => element.text ?? element.url ?? "").join("");

const holders = {
  rich_text_section: ({ elements }) => ({ type: "paragraph", children: run(elements) }),
  rich_text_quote: ({ elements }) => ({ type: "quote", children: run(elements) }),
  rich_text_preformatted: ({ elements }) => ({ type: "pre", text: flat(elements).replace(/\n$/, "") }),
  rich_text_list: ({ elements, style, indent, offset }) => ({
    type: "list",
    ordered: style === "ordered",
    start: (offset ?? 0) + 1,
    indent: indent ?? 0,
    items: elements.map((section) => run(section.elements)),
  }),
};

/** The elements of a rich_text block -> nodes. */
export const parseRichText = (elements) =>
  elements.flatMap((element) => holders[element.type]?.(element) ?? []);
