import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { catalogIds, coverageRows, withSummary } from "../../../scripts/runbook-docs/coverage.ts";
import { catalogOf, knowledgeOf } from "../../../src/app/knowledge.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { planOf } from "../../../src/core/rules/guide-items.ts";
import { declarations, exampleSystems, loadExample } from "../../helpers/examples.ts";

const page = new URL("../../../docs/guide-coverage.md", import.meta.url);
const text = readFileSync(page, "utf8");
const rows = coverageRows(text);
const by = (...kinds: string[]) => rows.filter((row) => kinds.includes(row.by));
const read = (link: string): string => readFileSync(new URL(link.replace(/#.*$/, ""), page), "utf8");

describe("docs/guide-coverage.md", () => {
  it("says of every item a runbook claims how much of it is carried out, and of no other", () => {
    const told = by("runbook").map(({ name, item }) => `${name} ${item}`);
    const claimed = runbooks.flatMap(({ id, covers }) => covers.map((item) => `${id} ${item}`));
    expect(told.toSorted()).toEqual(claimed.toSorted());
    for (const { name, link } of by("runbook")) expect(link).toBe(`runbooks/${name}.md`);
  });

  it("says so of every item that a check, command or schedule of the examples claims, and of no other", () => {
    const told = by("check", "command", "schedule").map(
      ({ by: kind, name, item }) => `${kind} ${name} ${item}`,
    );
    const claimed = exampleSystems()
      .flatMap(declarations)
      .flatMap(({ kind, system, id, covers }) => covers.map((item) => `${kind} ${system}/${id} ${item}`));
    expect(told.toSorted()).toEqual(claimed.toSorted());
  });

  it("has no other kind of row, and no row twice", () => {
    const kinds = [
      "runbook",
      "check",
      "command",
      "schedule",
      "checklist",
      "file",
      "bot",
      "advice",
      "together",
    ];
    expect([...new Set(rows.map((row) => row.by))].filter((kind) => !kinds.includes(kind))).toEqual([]);
    const said = rows.map(({ by: kind, name, item }) => `${kind} ${name} ${item}`);
    expect(said.filter((row, index) => said.indexOf(row) < index)).toEqual([]);
    // A line that looks like a row and is none would be left out of the count in silence.
    const lines = text.split("\n").filter((line) => /^\|.*\| `[a-z0-9-]+\.[a-z0-9-]+` +\|/.test(line));
    expect(lines.length).toBe(rows.length);
  });

  it("says what is missing, of items that exist", () => {
    const known = catalogIds();
    expect(rows.filter(({ item }) => !known.includes(item)).map(({ item }) => item)).toEqual([]);
    const silent = rows.filter(({ extent, note }) => extent === "in part" && note.length <= 5);
    expect(silent).toEqual([]);
  });

  it.each(by("bot"))("bot $name ($item) is described under its heading", ({ link }) => {
    const [, anchor = ""] = link.split("#");
    const headings = [...read(link).matchAll(/^#+ (.+)$/gm)].map(([, words = ""]) => anchorOf(words));
    expect(headings).toContain(anchor);
  });

  it.each(by("advice"))("advice $name ($item) is advice of that runbook", ({ name, link }) => {
    const [id, key = ""] = name.split(": ");
    const runbook = runbooks.find((one) => one.id === id);
    expect(runbook?.remedies[key]?.advice ?? runbook?.remedies[key], name).toBeDefined();
    expect(runbook?.remedies[key]?.advice, `${key} is no advice`).toBeDefined();
    expect(link).toBe(`runbooks/${id}.md`);
  });

  it.each(by("file", "checklist"))("$by $name names $item", ({ link, item }) => {
    expect(existsSync(new URL(link.replace(/#.*$/, ""), page)), link).toBe(true);
    expect(read(link)).toContain(item);
  });
});

describe("items that several parts carry out together", () => {
  const together = by("together");
  const partsOf = ({ name }: { name: string }) => name.split(", ");

  it.each(together)(
    "$item has two parts or more, each with a row of its own that is not the whole",
    ({ item, name }) => {
      const parts = partsOf({ name });
      expect(parts.length).toBeGreaterThan(1);
      expect(new Set(parts).size).toBe(parts.length);
      const mine = rows.filter((row) => row.item === item && row.by !== "together");
      for (const part of parts)
        expect(
          mine.map((row) => wordsOf(row)),
          part,
        ).toContain(part);
      // Where one row does it alone, nothing has to be put together.
      expect(mine.filter(({ extent }) => extent === "whole")).toEqual([]);
    },
  );

  it.each(together)(
    "/diag guide $item asks all of its parts on the example of its system, or offers them",
    async ({ item, name }) => {
      const example = item.replace(/\..*$/, "");
      const config = loadExample(example);
      const { runbooks: known } = knowledgeOf(config);
      const catalog = catalogOf(config, { kinds, runbooks: known });
      const system = catalog.systems.find(({ id }) => id === example);
      if (system === undefined) throw new Error(`no example of ${example}`);
      const { begin, offers } = planOf(catalog, system, item);
      const asked = [...begin.map(({ id }) => id), ...offers.map(({ type }) => type.split(" ")[2] ?? "")];
      for (const part of partsOf({ name })) expect(asked, part).toContain(part.replace(/^.*[ /]/, ""));
      expect(begin.length, "one thread has something to say").toBeGreaterThan(0);
    },
  );
});

/** As a row of parts names another row: a runbook by its id, anything else with what it is. */
const wordsOf = ({ by: kind, name }: { by: string; name: string }): string =>
  kind === "runbook" ? name : `${kind} ${name}`;

/** As GitHub makes it of a heading. */
const anchorOf = (words: string): string =>
  words
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

describe("the summary", () => {
  const ids = ["shop.a", "shop.b", "shop.c", "mail.a"];
  const begin = "<!-- Written by `npm run docs` from the rows below; do not edit. -->";
  const example = `# Page\n\n${begin}\n\nold\n\n<!-- End of what is written. -->\n
| [x](runbooks/x.md) | \`shop.a\` | in part | half of it |
| [y](runbooks/y.md)   | \`shop.a\`   | whole   |   |
| check [shop/z](examples/shop/diagbot.yaml) | \`shop.b\` | in part | the other half |\n`;

  it("counts an item once, by the best that a row says of it", () => {
    const written = withSummary(example, ids);
    expect(written).toContain("**1 whole, 1 in part, 2 not, of 4 items.**");
    expect(written).toContain("| shop | 1 | 1 | 1 | 3 |");
    expect(written).toContain("Not: `shop.c`, `mail.a`.");
    expect(written).not.toContain("old");
    expect(withSummary(written, ids), "written twice it is the same").toBe(written);
  });

  it("leaves a row out that stands there twice, however wide its table is", () => {
    const twice = `${example}| [y](runbooks/y.md) | \`shop.a\` | whole |  |\n`;
    expect(withSummary(twice, ids)).toBe(withSummary(example, ids));
  });

  it("has a place in the page", () => {
    expect(() => withSummary("# Page", ids)).toThrow("no place");
    expect(withSummary(text, catalogIds())).toContain("of 218 items");
  });
});
