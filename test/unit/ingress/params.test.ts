import { describe, expect, it } from "vitest";
import { z } from "zod";
import { paramFields } from "../../../src/core/rules/param-field.ts";
import { BadParameters } from "../../../src/core/words/reply.ts";
import { checkRun } from "../../../src/ingress/check-run.ts";
import { describeField, readParams } from "../../../src/ingress/params.ts";
import { bookOf, catalogOf, none } from "./fixtures.ts";

const book = bookOf({
  id: "book",
  params: z.object({
    minutes: z.int().min(1).max(60).default(10).describe("how far back"),
    ratio: z.number().min(0).max(1).optional(),
    deep: z.boolean().default(false),
    order: z.enum(["oldest", "newest"]).default("oldest"),
    tables: z.array(z.string().min(1)).max(3).default([]),
    note: z.string().max(5).optional(),
  }),
});

const complaintsOf = (words: Record<string, string>) => {
  try {
    readParams(book, words);
  } catch (error) {
    if (error instanceof BadParameters)
      return error.complaints.map(({ name, message }) => `${name}: ${message}`);
    throw error;
  }
  return [];
};

describe("parameters", () => {
  it("are read from the runbook's schema", () => {
    expect(paramFields(book)).toEqual([
      {
        name: "minutes",
        kind: "integer",
        description: "how far back",
        required: false,
        default: 10,
        min: 1,
        max: 60,
      },
      { name: "ratio", kind: "number", description: "", required: false, min: 0, max: 1 },
      { name: "deep", kind: "boolean", description: "", required: false, default: false },
      {
        name: "order",
        kind: "choice",
        description: "",
        required: false,
        default: "oldest",
        choices: ["oldest", "newest"],
      },
      { name: "tables", kind: "list", description: "", required: false, default: [] },
      { name: "note", kind: "text", description: "", required: false },
    ]);
    expect(paramFields(book).map(describeField)[0]).toBe(
      "minutes=10 (at least 1, at most 60) – how far back",
    );
  });

  it("become typed values, defaults filled in", () => {
    expect(readParams(book, {})).toEqual({ minutes: 10, deep: false, order: "oldest", tables: [] });
    expect(
      readParams(book, {
        minutes: "25",
        ratio: ".5",
        deep: "Yes",
        order: "newest",
        tables: "a, b",
        note: "12",
      }),
    ).toEqual({ minutes: 25, ratio: 0.5, deep: true, order: "newest", tables: ["a", "b"], note: "12" });
  });

  it("are complained about all at once, by name", () => {
    const complaints = complaintsOf({
      minutes: "0",
      ratio: "half",
      order: "sideways",
      mintues: "3",
      note: "too long",
    });
    expect(complaints.map((line) => line.split(":")[0]).sort()).toEqual(
      ["minutes", "mintues", "note", "order", "ratio"].sort(),
    );
    expect(complaints).toContain('mintues: no such parameter: did you mean "minutes"?');
  });

  it.each([
    [{ minutes: "abc" }, 'minutes: "abc" is not a whole number from 1 to 60'],
    [{ minutes: "61" }, 'minutes: "61" is not a whole number from 1 to 60'],
    [{ ratio: "half" }, 'ratio: "half" is not a number from 0 to 1'],
    [{ deep: "maybe" }, 'deep: "maybe" is not yes or no'],
    [{ order: "sideways" }, 'order: "sideways" is not one of oldest, newest'],
    [{ note: "too long" }, 'note: "too long" is more than 5 characters'],
    [{ tables: "a,b,c,d" }, 'tables: "a,b,c,d" is more than 3 values'],
  ])("%j: the value, and what is allowed instead", (words, says) => {
    expect(complaintsOf(words as Record<string, string>)).toEqual([says]);
  });

  it.each([
    [{ minutes: "1.5" }],
    [{ minutes: "" }],
    [{ minutes: "0x10" }],
    [{ minutes: "Infinity" }],
    [{ deep: "maybe" }],
    [{ constructor: "1" }],
  ])("%j is refused", (words) => {
    expect(complaintsOf(words as Record<string, string>)).toHaveLength(1);
  });
});

describe("a run", () => {
  const catalog = catalogOf({
    runbooks: [
      bookOf({ id: "book", params: z.object({ n: z.int().default(1) }), needs: ["postgres"] }),
      bookOf({ id: "pg-pool", title: "Pool", params: none }),
      bookOf({ id: "slow-queries", title: "Slow queries", params: none }),
      bookOf({ id: "slow-pages", title: "Pages", params: none }),
    ],
  });
  const check = (system: string, runbook: string, params: Record<string, string> = {}) =>
    checkRun(
      catalog,
      { system, runbook, params },
      { caller: { via: "cli", name: "me" }, channel: "C0", otherWords: ["help"] },
    );

  it("gets the first connection of each kind, or the one that was named", () => {
    expect(check("checkout", "book").connections).toEqual({ postgres: "db" });
    expect(check("checkout", "book", { postgres: "db" }).connections).toEqual({ postgres: "db" });
    expect(() => check("checkout", "book", { postgres: "dv", n: "x", redis: "r" })).toThrow(
      /postgres: .*did you mean "db".*redis: checkout has no redis.*n: /,
    );
  });

  it("can be asked to take remedies back", () => {
    expect(check("checkout", "book", { for: "45m" }).applyForMs).toBe(2_700_000);
    for (const time of ["45", "5s", "8d", ""])
      expect(() => check("checkout", "book", { for: time })).toThrow(/for: /);
  });

  it.each([
    ["chekout", "book", "unknown_system", /did you mean .*checkout/],
    ["book", "checkout", "unknown_system", /did you mean `\/diag checkout book`\?/],
    ["book", "chekout", "unknown_system", /did you mean `\/diag checkout book`\?/],
    [
      "book",
      "service-health",
      "unknown_system",
      /the system comes first: `\/diag <system> book`.*checkout, web/,
    ],
    ["bok", "checkout", "unknown_system", /did you mean `\/diag checkout book`\?/],
    ["checkout", "pool", "unknown_runbook", /did you mean `\/diag checkout pg-pool`\?/],
    [
      "checkout",
      "is slow",
      "unknown_runbook",
      /`\/diag checkout slow-queries` or `\/diag checkout slow-pages`/,
    ],
    [
      "checkout",
      "is down",
      "unknown_runbook",
      /`\/diag list checkout`.*`\/diag checkout` to check everything/,
    ],
    ["checkout", "book stray", "usage", /key=value/],
    ["hlep", "book", "unknown_system", /did you mean .*help/],
    ["nothing-like-it", "book", "unknown_system", /diag list/],
    ["checkout", "bok", "unknown_runbook", /did you mean `\/diag checkout book`\?/],
    ["web", "book", "missing_connection", /diagbot.yaml/],
  ])("%s %s is %s", (system, runbook, code, hint) => {
    expect(() => check(system, runbook)).toThrow(
      expect.objectContaining({ code, hint: expect.stringMatching(hint) }),
    );
  });
});
