import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readTraps, titles, trapReport } from "../../../scripts/traps/report.ts";

const root = new URL("../../../", import.meta.url);
const traps = readTraps();

describe("test/traps/catalog.yaml", () => {
  it("has each of the 142 traps of the guides once", () => {
    expect(traps.length).toBe(142);
    expect(new Set(traps.map(({ id }) => id)).size).toBe(142);
  });

  it("says of each how it is avoided, or why it is not", () => {
    const silent = trapReport().filter(
      ({ shown, type, open }) => shown.length === 0 && type === undefined && open === undefined,
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
    const torn = traps.filter(
      ({ tests, type, open }) => open !== undefined && (tests.length > 0 || type !== undefined),
    );
    expect(torn.map(({ id }) => id)).toEqual([]);
  });

  it.each(traps.filter(({ tests }) => tests.length > 0))("$id is shown by tests that exist", ({ tests }) => {
    for (const { file, title } of tests) {
      expect(existsSync(new URL(file, root)), file).toBe(true);
      const text = readFileSync(new URL(file, root), "utf8");
      expect(text.includes(JSON.stringify(title)) || text.includes(`\`${title}\``), `${file}: ${title}`).toBe(
        true,
      );
    }
  });

  it.each(traps.filter(({ type }) => type !== undefined))(
    "$id is kept out by a type that exists",
    ({ type }) => {
      const path = type?.where ?? "";
      expect(existsSync(new URL(path, root)), path).toBe(true);
      expect(readFileSync(new URL(path, root), "utf8")).toContain(type?.holds ?? "");
    },
  );

  it("counts no id that a test's title misspells", () => {
    const ids = traps.map(({ id }) => id);
    const named = titles().flatMap(({ ids: inTitle }) => inTitle);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
