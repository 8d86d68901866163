import { expect, test } from "vitest";
import { linesOf, routeLabelOf } from "../../../../src/connectors/prometheus/window.ts";

test("every step has a point; gaps, NaN and infinities are null", () => {
  const span = { start: 0, end: 60, step: 15 };
  const points: [number, number][] = [
    [0, 1],
    [15, Number.NaN],
    [45, Number.POSITIVE_INFINITY],
    [60, 2],
  ];
  expect(linesOf([{ labels: {}, points }], span, () => "a")).toEqual([
    {
      name: "a",
      points: [
        [0, 1],
        [15, null],
        [30, null],
        [45, null],
        [60, 2],
      ],
    },
  ]);
});

test("at most eight lines", () => {
  const many = Array.from({ length: 20 }, () => ({ labels: {}, points: [] }));
  expect(linesOf(many, { start: 0, end: 0, step: 15 }, () => "a")).toHaveLength(8);
});

test("the usual route labels are known, the first wins", () => {
  expect(routeLabelOf(["job", "path", "handler"])).toBe("handler");
  expect(routeLabelOf(["job"])).toBeUndefined();
});
