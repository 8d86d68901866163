import { expect, test } from "vitest";
import { fits } from "../../../../src/connectors/commands/knowing.ts";
import { bind } from "../../../../src/core/rules/commands/bind.ts";
import { fillJson, fillText } from "../../../../src/core/rules/commands/templates.ts";
import { Param } from "../../../../src/core/words/command.ts";

const of = (param: object, value?: string | number) =>
  bind({ params: { x: Param.parse(param) } }, value === undefined ? {} : { x: value }, fits).x;

test("each type takes what it says, and nothing that a program could take for an option", () => {
  expect(of({ type: "enum", values: ["on", "off"] }, "on")).toEqual({ text: "on", json: "on" });
  expect(of({ type: "integer", max: 50 }, "7")).toEqual({ text: "7", json: 7 });
  expect(of({ type: "word" }, "mails.eu-1")).toEqual({ text: "mails.eu-1", json: "mails.eu-1" });
  expect(of({ type: "duration" }, "2m")).toEqual({ text: "120", json: 120 });
  expect(of({ type: "duration", in: "hours" }, "36h")).toEqual({ text: "36", json: 36 });
  expect(of({ type: "integer", default: 3 })).toEqual({ text: "3", json: 3 });
  const refused: [object, string | number, RegExp][] = [
    [{ type: "enum", values: ["on"] }, "ON", /one of on/],
    [{ type: "integer" }, "-1", /from 0 to/],
    [{ type: "integer" }, "1e3", /whole number/],
    [{ type: "integer" }, 1.5, /whole number/],
    [{ type: "word" }, "-rf", /does not begin with -/],
    [{ type: "word" }, "a b", /fits/],
    [{ type: "word" }, "$(id)", /fits/],
    [{ type: "word" }, "a\nb", /control characters/],
    [{ type: "word", pattern: ".*" }, "a\u0000b", /control characters/],
    [{ type: "word", pattern: ".*" }, "--all", /does not begin with -/],
    [{ type: "word", pattern: "[a-z]+" }, "abc1", /fits/],
    [{ type: "duration", max: "1h" }, "2h", /from 1 s to 60 min/],
    [{ type: "duration", in: "minutes" }, "90s", /whole number of minutes/],
    [{ type: "duration" }, "soon", /a duration from/],
  ];
  for (const [param, value, why] of refused) expect(() => of(param, value)).toThrow(why);
  expect(() => of({ type: "word" })).toThrow("x: it is missing");
  expect(() => bind({ params: {} }, { y: 1 }, fits)).toThrow("y: there is no such parameter");
});

test("a value lands in one place, as itself: no placeholder in it is filled in again", () => {
  const values = { a: { text: "{b}", json: "{b}" }, b: { text: "x/y", json: 5 } };
  expect(fillText("--{a}={b}", values)).toBe("--{b}=x/y");
  expect(fillText("/q/{b}", values, encodeURIComponent)).toBe("/q/x%2Fy");
  expect(fillJson({ n: "{b}", list: ["{b} items", true, null], deep: { k: "{a}" } }, values)).toEqual({
    n: 5,
    list: ["x/y items", true, null],
    deep: { k: "{b}" },
  });
});
