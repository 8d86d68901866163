import { describe, expect, it } from "vitest";
import { parseMarkdown } from "../../../../local/slack/page/markdown.js";
import type { FormatNode } from "../../../../local/slack/page/mrkdwn.js";
import { parseRichText } from "../../../../local/slack/page/rich-text.js";

const flat = (nodes: readonly FormatNode[]): string => nodes.map(one).join("");
const one = (node: FormatNode): string => {
  if (node.type === "text") return node.text ?? "";
  if (node.type === "list") return `list(${(node.items as FormatNode[][]).map(flat).join(" / ")})`;
  if (node.type === "table")
    return `table(${(node.rows as FormatNode[][][]).map((row) => row.map(flat).join("|")).join(" / ")})`;
  if (node.type === "link") return `[${node.url}](${flat(node.children ?? [])})`;
  if (node.children !== undefined) return `${node.type}(${flat(node.children)})`;
  return `${node.type}(${node.name ?? node.text ?? node.id ?? ""})`;
};

describe("a markdown block", () => {
  it.each([
    [
      "# Title\n\n**bold** and __bold__, *it* and _it_, ~~gone~~",
      "heading(Title)paragraph(bold(bold) and bold(bold), italic(it) and italic(it), strike(gone))",
    ],
    ["snake_case_name stays, 2 * 3 * 4 too", "paragraph(snake_case_name stays, 2 * 3 * 4 too)"],
    ["- one\n- two\n  - inner\n- three", "list(one / twolist(inner) / three)"],
    ["1. one\n2. two", "list(one / two)"],
    ["```sh\nls *a*\n```", "pre(ls *a*)"],
    ["> quoted\n> more", "quote(quoted\nmore)"],
    ["| a | b |\n|---|:-:|\n| 1 | `2|` |\n| x \\| y | z |", "table(a|b / 1|`2|` / x | y|z)"],
    ["one\n\n---\n\ntwo", "paragraph(one)rule()paragraph(two)"],
    [
      "[label](https://a.b) https://c.d. `code` \\*plain\\* :tada:",
      "paragraph([https://a.b](label) [https://c.d](https://c.d). code(code) *plain* emoji(tada))",
    ],
    ["[x](javascript:alert(1))", "paragraph([x](javascript:alert(1)))"],
    ["[x](javascript:1)", "paragraph(x)"],
    ["<script>alert(1)</script>", "paragraph(<script>alert(1)</script>)"],
    ["``` never closed\nline", "pre(line)"],
  ])("%s", (source, expected) => {
    expect(flat(parseMarkdown(source))).toBe(expected);
  });
});

it("a rich_text block", () => {
  const nodes = parseRichText([
    {
      type: "rich_text_section",
      elements: [
        { type: "text", text: "plain " },
        { type: "text", text: "both", style: { bold: true, italic: true } },
        { type: "text", text: "code", style: { code: true } },
        { type: "user", user_id: "U1" },
        { type: "emoji", name: "tada" },
        { type: "link", url: "javascript:alert(1)", text: "no link" },
        { type: "link", url: "https://a.b", text: "link" },
      ],
    },
    {
      type: "rich_text_list",
      style: "ordered",
      indent: 1,
      elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "item" }] }],
    },
    { type: "rich_text_preformatted", elements: [{ type: "text", text: "SELECT 1\n" }] },
    { type: "rich_text_quote", elements: [{ type: "text", text: "said" }] },
  ]);
  expect(flat(nodes)).toBe(
    "paragraph(plain italic(bold(both))code(code)user(U1)emoji(tada)no link[https://a.b](link))list(item)pre(SELECT 1)quote(said)",
  );
});
