import { describe, expect, it } from "vitest";
import { type FormatNode, parseMrkdwn } from "../../../../local/slack/page/mrkdwn.js";
import { cpuTimeOf } from "../../../helpers/cpu-time.ts";
import { fc } from "../../../helpers/property.ts";

/** Nodes as one readable line: `bold(…)`, `@U1`, `[url](label)`. */
const line = (nodes: readonly FormatNode[]): string => nodes.map(word).join("");
const word = (node: FormatNode): string => {
  if (node.type === "text") return node.text ?? "";
  if (node.type === "emoji") return `emoji(${node.name})`;
  if (node.type === "code" || node.type === "pre") return `${node.type}(${node.text})`;
  if (node.type === "link") return `[${node.url}](${line(node.children ?? [])})`;
  if (node.children !== undefined) return `${node.type}(${line(node.children)})`;
  return `${node.type}<${node.id ?? node.name ?? node.fallback}${node.label === undefined ? "" : `|${node.label}`}>`;
};
const drawn = (source: string) => line(parseMrkdwn(source));

describe("mrkdwn", () => {
  it.each([
    ["*bold* _italic_ ~strike~ `code`", "bold(bold) italic(italic) strike(strike) code(code)"],
    ["*_both_* and _*other*_", "bold(italic(both)) and italic(bold(other))"],
    ["*bold with `code` and <@U1>*", "bold(bold with code(code) and user<U1>)"],
    ['(*bold*), "_it_".', '(bold(bold)), "italic(it)".'],
    ["*one* *two* *three*", "bold(one) bold(two) bold(three)"],
    ["2*3*4 snake_case_name a~b~c", "2*3*4 snake_case_name a~b~c"],
    ["* not bold * and ** nor this", "* not bold * and ** nor this"],
    ["*over\nlines*", "*over\nlines*"],
    ["`*not bold*` and `a & b`", "code(*not bold*) and code(a & b)"],
    ["a &amp; b &lt;c&gt; `&lt;d&gt;`", "a & b <c> code(<d>)"],
    ["&amp;lt; stays", "&lt; stays"],
    [
      "<@U1> <@U1|al> <#C1|ops> <!here> <!subteam^S1|@sre>",
      "user<U1> user<U1|al> channel<C1|ops> broadcast<here> group<S1|@sre>",
    ],
    [
      "<https://a.b/c?d=1&amp;e=2|a *label*> <https://a.b>",
      "[https://a.b/c?d=1&e=2](a *label*) [https://a.b](https://a.b)",
    ],
    [
      "see https://a.b/c_d_e. Or (https://f.g)",
      "see [https://a.b/c_d_e](https://a.b/c_d_e). Or ([https://f.g](https://f.g))",
    ],
    ["<mailto:a@b.c|write>", "[mailto:a@b.c](write)"],
    ["<javascript:alert(1)|click> <data:text/html,x>", "<javascript:alert(1)|click> <data:text/html,x>"],
    ["<!date^1392734382^{date}|Feb 18>", "date<Feb 18>"],
    [
      ":white_check_mark: done :+1::skin-tone-2: 10:30:00",
      "emoji(white_check_mark) done emoji(+1) 10emoji(30)00",
    ],
    ["&gt; quoted *text*\n&gt; more\nafter", "quote(quoted bold(text)\nmore)after"],
    ["> raw quote", "quote(raw quote)"],
    ["a > b", "a > b"],
    ["before\n```\nline 1\n  line *2*\n```\nafter", "beforepre(line 1\n  line *2*)after"],
    ["```one line```", "pre(one line)"],
    ["``` unclosed *bold*", "``` unclosed bold(bold)"],
    ["• one\n• two", "• one\n• two"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>"],
    ["", ""],
  ])("%s", (source, expected) => {
    expect(drawn(source)).toBe(expected);
  });

  it("loses nothing of a text without markup, and links nowhere but to the web and mail", () => {
    const quiet = fc.string({ unit: fc.constantFrom(..."abc XYZ 0123 .,;!?\n") });
    fc.assert(fc.property(quiet, (text) => drawn(text) === text));
    const wild = fc.string({
      unit: fc.constantFrom(..."*_~`<>|@#!:&;\n abj/\uE000\uE0010", "javascript:", "https://", "data:"),
    });
    const links = (nodes: readonly FormatNode[]): unknown[] =>
      nodes.flatMap((node) => [...(node.type === "link" ? [node.url] : []), ...links(node.children ?? [])]);
    fc.assert(
      fc.property(wild, (text) => {
        for (const url of links(parseMrkdwn(text))) expect(String(url)).toMatch(/^(https?|mailto|tel):/i);
      }),
      { numRuns: 500 },
    );
  });

  it("takes a long hostile text in little time", async () => {
    const { total } = await cpuTimeOf(() => {
      for (const piece of ["*_~", "`", "<", "*a ", ":a", "&gt; ", "```"]) parseMrkdwn(piece.repeat(4000));
    });
    expect(total).toBeLessThan(2000);
  });
});
