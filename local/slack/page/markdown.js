// Standard Markdown (the `markdown` block) -> the same kind of nodes as mrkdwn.js, plus headings, lists, tables and rules.
import { link } from "./mrkdwn.js";

const RUNS = [
  { pattern: /^\\([\\`*_{}[\]()#+\-.!~|>])/, node: ([, character]) => ({ type: "text", text: character }) },
  { pattern: /^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, node: ([, , code]) => ({ type: "code", text: code }) },
  {
    pattern: /^!\[([^\]]*)\]\(([^()\s]+)\)/,
    node: ([, alt, url]) => link(url, [{ type: "text", text: alt || url }]),
  },
  { pattern: /^\[([^\]]+)\]\(([^()\s]+)\)/, node: ([, label, url]) => link(url, inlineMarkdown(label)) },
  { pattern: /^<(https?:\/\/[^>\s]+)>/, node: ([, url]) => link(url, [{ type: "text", text: url }]) },
  {
    pattern: /^(\*\*|__)(?=\S)([\s\S]*?\S)\1/,
    node: ([, , inner]) => ({ type: "bold", children: inlineMarkdown(inner) }),
  },
  {
    pattern: /^~~(?=\S)([\s\S]*?\S)~~/,
    node: ([, inner]) => ({ type: "strike", children: inlineMarkdown(inner) }),
  },
  {
    pattern: /^([*_])(?=\S)([\s\S]*?\S)\1(?!\w)/,
    node: ([, , inner]) => ({ type: "italic", children: inlineMarkdown(inner) }),
  },
  { pattern: /^:([a-z0-9_+'-]+):/, node: ([whole, name]) => ({ type: "emoji", name, text: whole }) },
  {
    pattern: /^https?:\/\/[^\s<>"`]*[^\s<>"`.,;:!?)\]}'*_~]/,
    node: ([url]) => link(url, [{ type: "text", text: url }]),
  },
];

/** Inline Markdown -> nodes. */
export function inlineMarkdown(source) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain !== "") nodes.push({ type: "text", text: plain });
    plain = "";
  };
  for (let at = 0; at < source.length; ) {
    const rest = source.slice(at);
    // An underscore inside a word is a letter of it.
    const inWord = rest.startsWith("_") && /\w$/.test(source.slice(0, at));
    const run = inWord
      ? undefined
      : RUNS.map(({ pattern, node }) => ({ found: pattern.exec(rest), node })).find((each) => each.found);
    if (run === undefined) {
      plain += source[at];
      at += 1;
      continue;
    }
    flush();
    nodes.push(run.node(run.found));
    at += run.found[0].length;
  }
  flush();
  return nodes;
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const cells = (row) =>
  row
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => inlineMarkdown(cell.trim().replaceAll("\\|", "|")));
const isRule = (line) => /^\s*([-*_])(\s*\1){2,}\s*$/.test(line);
const isTable = (line, next) =>
  line.includes("|") &&
  /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(next ?? "") &&
  (next ?? "").includes("-");
const startsBlock = (line, next) =>
  line.trim() === "" ||
  /^(#{1,6}\s|```|~~~|>)/.test(line) ||
  ITEM.test(line) ||
  isRule(line) ||
  isTable(line, next);

function list(rows) {
  const indent = rows[0].indent;
  const ordered = /\d/.test(rows[0].mark);
  const items = [];
  for (let at = 0; at < rows.length; at += 1) {
    const children = [];
    let end = at + 1;
    while (end < rows.length && rows[end].indent > indent) end += 1;
    if (end > at + 1) children.push(list(rows.slice(at + 1, end)));
    items.push([...inlineMarkdown(rows[at].text), ...children]);
    at = end - 1;
  }
  return { type: "list", ordered, start: ordered ? Number.parseInt(rows[0].mark, 10) : undefined, items };
}

const takeWhile = (rows, from, test) => {
  let end = from;
  while (end < rows.length && test(rows[end], rows[end + 1])) end += 1;
  return end;
};

// Each taker looks at the line it is given and returns the node and the line after it, or undefined.
const takers = [
  (rows, at) => {
    const fence = /^(```+|~~~+)/.exec(rows[at]);
    if (fence === null) return undefined;
    const end = takeWhile(rows, at + 1, (row) => !row.startsWith(fence[1]));
    return { node: { type: "pre", text: rows.slice(at + 1, end).join("\n") }, next: end + 1 };
  },
  (rows, at) => {
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(rows[at]);
    return (
      heading && {
        node: { type: "heading", level: heading[1].length, children: inlineMarkdown(heading[2]) },
        next: at + 1,
      }
    );
  },
  (rows, at) => (isRule(rows[at]) ? { node: { type: "rule" }, next: at + 1 } : undefined),
  (rows, at) => {
    if (!rows[at].startsWith(">")) return undefined;
    const end = takeWhile(rows, at, (row) => row.startsWith(">"));
    return {
      node: {
        type: "quote",
        children: inlineMarkdown(
          rows
            .slice(at, end)
            .map((row) => row.replace(/^> ?/, ""))
            .join("\n"),
        ),
      },
      next: end,
    };
  },
  (rows, at) => {
    if (!isTable(rows[at], rows[at + 1])) return undefined;
    const end = takeWhile(rows, at + 2, (row) => row.includes("|"));
    return { node: { type: "table", rows: [rows[at], ...rows.slice(at + 2, end)].map(cells) }, next: end };
  },
  (rows, at) => {
    if (!ITEM.test(rows[at])) return undefined;
    const end = takeWhile(rows, at, (row) => ITEM.test(row));
    const items = rows.slice(at, end).map((row) => {
      const [, indent, mark, text] = ITEM.exec(row);
      return { indent: indent.length, mark, text };
    });
    return { node: list(items), next: end };
  },
];

/** Markdown -> nodes: those of mrkdwn.js and `heading list table rule paragraph`. */
export function parseMarkdown(source) {
  const rows = source.replaceAll("\r\n", "\n").split("\n");
  const nodes = [];
  for (let at = 0; at < rows.length; ) {
    if (rows[at].trim() === "") {
      at += 1;
      continue;
    }
    const taken = takers.map((take) => take(rows, at)).find((each) => each);
    if (taken) {
      nodes.push(taken.node);
      at = taken.next;
      continue;
    }
    const end = Math.max(
      at + 1,
      takeWhile(rows, at, (row, next) => !startsBlock(row, next)),
    );
    nodes.push({ type: "paragraph", children: inlineMarkdown(rows.slice(at, end).join("\n")) });
    at = end;
  }
  return nodes;
}
