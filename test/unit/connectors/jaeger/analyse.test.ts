import { describe, expect, it } from "vitest";
import { analyse } from "../../../../src/connectors/jaeger/analyse.ts";
import { asksOf, type Span } from "../../../../src/connectors/jaeger/span.ts";
import { traceqlOf, traceqlText } from "../../../../src/connectors/jaeger/tempo-api.ts";
import { fc } from "../../../helpers/property.ts";

const span = (
  id: string,
  parent: string | undefined,
  start: number,
  end: number,
  more: Partial<Span> = {},
): Span => ({
  ...{ id, parent, start, end, service: "s", name: id, isError: false, asks: "" },
  ...more,
});

describe("the critical path", () => {
  it("adds up to the root, whatever spans there are", () => {
    const spans = fc.array(fc.record({ parent: fc.nat(12), start: fc.nat(1_000), length: fc.nat(500) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(spans, (all) => {
        const made = all.map((one, at) =>
          span(`n${at}`, `n${one.parent}`, one.start, one.start + one.length),
        );
        const analysis = analyse({ id: "t", spans: [span("root", undefined, 0, 2_000), ...made] });
        const sum = analysis?.path.reduce((total, { time }) => total + time, 0);
        expect(sum).toBe(analysis?.duration);
      }),
      { numRuns: 300 },
    );
  });

  it("of spans below that overlap the last to end, then what was before it", () => {
    const spans = [span("r", undefined, 0, 100), span("a", "r", 10, 60), span("b", "r", 40, 90)];
    expect(analyse({ id: "t", spans })?.path.map(({ name, time }) => [name, time])).toEqual([
      ["b", 50],
      ["a", 30],
      ["r", 20],
    ]);
  });

  it("a span that is sent twice is one, one that ends before it begins is none, and rings end", () => {
    const spans = [
      span("r", undefined, 0, 100),
      span("a", "r", 0, 50),
      span("a", "r", 0, 50),
      span("x", "r", 80, 20),
      span("c", "d", 0, 10),
      span("d", "c", 0, 10),
    ];
    expect(analyse({ id: "t", spans })).toMatchObject({ duration: 100, spans: 4 });
    expect(analyse({ id: "t", spans: [] })).toBeUndefined();
  });
});

describe("words of others", () => {
  it("a statement without its values", () => {
    const say = (text: string) => asksOf(new Map([["db.statement", text]]));
    expect(say("SELECT * FROM t WHERE a = 'it''s' AND b IN (1, 2, 3) AND c = 4.5")).toBe(
      "SELECT * FROM t WHERE a = ? AND b IN (?) AND c = ?",
    );
    expect(asksOf(new Map([["http.url", "http://x/users/42?token=secret"]]))).toBe("http://x/users/?");
    expect(asksOf(new Map())).toBe("");
  });

  it("TraceQL is closed but for quoted text", () => {
    expect(traceqlOf({ service: "api", seconds: 2 })).toBe(
      '{ resource.service.name = "api" && duration >= 2000ms }',
    );
    expect(traceqlOf({ service: "api", seconds: 0 })).toBe('{ resource.service.name = "api" }');
    expect(traceqlText('a"} || {\\\n')).toBe('"a\\"} || {\\\\\\u000a"');
  });
});
