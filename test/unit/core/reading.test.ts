import { describe, expect, it } from "vitest";
import { named } from "../../../src/sdk/index.ts";

describe("named", () => {
  it("gives rows by the names of their columns, whatever their order", () => {
    const columns = [{ name: "n" }, { name: "oldest", unit: "seconds" as const }];
    expect(
      named({
        columns,
        rows: [
          [3, 12.5],
          [null, null],
        ],
      }),
    ).toEqual([
      { n: 3, oldest: 12.5 },
      { n: null, oldest: null },
    ]);
  });

  it("tells a column that is not there from one with nothing in it", () => {
    const [row] = named({ columns: [{ name: "n" }], rows: [[null]] });
    expect([row?.n, row?.other]).toEqual([null, undefined]);
    expect(named({ columns: [{ name: "n" }], rows: [] })).toEqual([]);
  });

  it("a column named as something every object has is a column", () => {
    expect(named({ columns: [{ name: "__proto__" }, { name: "constructor" }], rows: [[1, 2]] })).toEqual([
      Object.fromEntries([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
    ]);
  });
});
