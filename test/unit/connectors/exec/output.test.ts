import { describe, expect, test } from "vitest";
import { readOutput } from "../../../../src/connectors/exec/output.ts";
import { groupsIn, isRisky } from "../../../../src/connectors/exec/pattern.ts";

const read = (how: object, text: string, exit = 0) =>
  readOutput({ output: "lines", separator: ",", ...how } as Parameters<typeof readOutput>[0], text, exit);
const table = (how: object, text: string) => {
  const { columns, rows } = read(how, text);
  return [columns.map(({ name }) => name), ...rows];
};

describe("what a script wrote", () => {
  test("JSON: columns by path, rows of a list; what is not there is no value, never 0", () => {
    const how = { output: "json", rows: "queues", columns: { name: "name", depth: "messages.ready" } };
    const text = '{"queues":[{"name":"a","messages":{"ready":7.5}},{"name":"b"}]}';
    expect(table(how, text)).toEqual([
      ["exit", "name", "depth"],
      [0, "a", 7.5],
      [0, "b", null],
    ]);
    expect(() => read(how, '{"queue":[]}')).toThrow("there is no list at queues");
    expect(() => read(how, "Traceback (most recent call last)")).toThrow(
      "what it wrote is no JSON: Traceback",
    );
    expect(() => read(how, "")).toThrow("what it wrote is no JSON: nothing");
  });

  test("CSV: by its header, quoted cells too; a column that is missing or a short line is an error", () => {
    const how = { output: "csv", columns: { queue: "name", age: "age (s)" } };
    expect(table(how, 'name,age (s)\n"a,b",1.25\nc,\n')).toEqual([
      ["exit", "queue", "age"],
      [0, "a,b", 1.25],
      [0, "c", null],
    ]);
    expect(table({ output: "csv" }, "queue name;n\nx;1\n".replaceAll(";", ","))[0]).toEqual([
      "exit",
      "queue_name",
      "n",
    ]);
    expect(() => read(how, "name,age\nx,1")).toThrow("there is no column age (s) in its header: name, age");
    expect(() => read(how, "name,age (s)\nx")).toThrow("a line has 1 columns, the header 2");
  });

  test("lines and text: named groups are columns; where nothing fits it is no answer, not an empty one", () => {
    const how = { output: "lines", pattern: "^(?<queue>\\S+)\\s+(?<depth>[\\d.]+)$" };
    expect(table(how, "NAME DEPTH\nmails 12\n\njobs 0.5\n")).toEqual([
      ["exit", "queue", "depth"],
      [0, "mails", 12],
      [0, "jobs", 0.5],
    ]);
    expect(() => read(how, "command not found")).toThrow(
      "nothing it wrote fits its pattern: command not found",
    );
    expect(read(how, "").rows).toEqual([]);
    expect(table({ output: "text" }, "all\nis well\n")).toEqual([
      ["exit", "text"],
      [0, "all\nis well"],
    ]);
    expect(table({}, "a\n\nb")).toEqual([
      ["exit", "line"],
      [0, "a"],
      [0, "b"],
    ]);
  });

  test("a column of its own that is called exit stands for the exit code", () => {
    expect(table({ output: "json", columns: { exit: "code" } }, '{"code":3}')).toEqual([["exit"], [3]]);
    expect(table({ output: "csv" }, "exit\n4\n")).toEqual([["exit"], [4]]);
    expect(table({ pattern: "^(?<exit>\\d+)$" }, "5")).toEqual([["exit"], [5]]);
  });

  test("nothing is kept of what may hold secrets (trap secrets-in-output)", () => {
    expect(table({ output: "none" }, "token=abc")).toEqual([["exit"], [0]]);
  });

  test("keeps 200 rows and says that there were more", () => {
    const { rows, more } = read({}, "x\n".repeat(300));
    expect([rows.length, more]).toEqual([200, true]);
  });
});

test("patterns that may never end are known", () => {
  expect(groupsIn("(?<a>x)(?:y)(?<b_1>z)")).toEqual(["a", "b_1"]);
  for (const risky of ["(a+)+", "((a|b))*x", "(?<x>.*)*", "(\\d+){2}", "(?=a)b", "(a)\\1", "(?:[a-z]+)*"])
    expect([risky, isRisky(risky)]).toEqual([risky, true]);
  for (const fine of ["^(?<q>\\S+) (?<n>\\d+)$", "[(*+)]+", "\\(a+\\)+", "(?:a|b)c+", "x{2}(?<y>z)?"])
    expect([fine, isRisky(fine)]).toEqual([fine, false]);
});
