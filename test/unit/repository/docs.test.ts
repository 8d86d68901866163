import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../../src/cli/exit.ts";
import { ERRORS } from "../../../src/core/words/errors.ts";
import { VERSION } from "../../../src/version.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const pages = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...readdirSync(new URL("docs/", root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

describe("docs/errors.md", () => {
  it("is the table of src/core/words/errors.ts", () => {
    const rows = read("docs/errors.md")
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.replace(/ +/g, " "));
    expect(rows).toEqual(
      Object.entries(ERRORS).map(([code, { kind, says }]) => `| \`${code}\` | ${kind} | ${says} |`),
    );
  });

  it("names the exit codes", () => {
    const { ok, ...others } = EXIT;
    expect(read("docs/errors.md")).toContain(`${ok} healthy`);
    for (const code of Object.values(others))
      expect(read("docs/errors.md")).toMatch(new RegExp(`\\b${code} \\w`));
  });
});

describe("the pages", () => {
  it.each(pages)("%s links to files that exist", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
      ([, path = ""]) => path,
    );
    const missing = links.filter((path) => !existsSync(new URL(path, new URL(page, root))));
    expect(missing).toEqual([]);
  });

  it.each(pages)("%s links to what the npm package has, too", (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path = ""]) =>
      new URL(path, new URL(page, root)).pathname.slice(root.pathname.length),
    );
    const { files } = JSON.parse(read("package.json")) as { files: string[] };
    // What npm packs whatever `files` says.
    const shipped = [...files, "README.md", "LICENSE", "package.json"];
    const isShipped = (path: string) => shipped.some((one) => path === one || path.startsWith(`${one}/`));
    expect([page, ...links].filter((path) => !isShipped(path))).toEqual([]);
  });

  it.each(pages.filter((page) => page !== "CHANGELOG.md"))("%s names source files that exist", (page) => {
    const named = [...read(page).matchAll(/`((?:[a-z][\w.-]*\/)+[\w.-]+\.(?:ts|sql|mjs))`/g)];
    const from = ["", "src/", "test/", "test/integration/", "test/unit/", "runbooks/"];
    const missing = named
      .map(([, path = ""]) => path)
      .filter((path) => !from.some((folder) => existsSync(new URL(folder + path, root))));
    expect(missing).toEqual([]);
  });

  it.each(["README.md", "CONTRIBUTING.md", "docs/lab.md", "docs/performance.md", "docs/reliability.md"])(
    "%s names npm scripts that exist",
    (page) => {
      const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;
      const named = [...read(page).matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g)].map(([, name = ""]) => name);
      expect(named.filter((name) => !(name in scripts))).toEqual([]);
    },
  );
});

describe("the version", () => {
  it("is one", () => {
    expect(JSON.parse(read("package.json")).version).toBe(VERSION);
    expect(read("CHANGELOG.md")).toContain(`## ${VERSION}`);
  });
});
