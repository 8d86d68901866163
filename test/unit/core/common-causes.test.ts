import { describe, expect, it } from "vitest";
import { byUrgency, commonOf } from "../../../src/core/rules/common-causes.ts";
import type { StormGroup } from "../../../src/core/words/storm.ts";
import { group } from "../thread/golden-storms.ts";

const many = (count: number, more: (n: number) => Partial<StormGroup> = () => ({})) =>
  Array.from({ length: count }, (_, n) => group(n, more(n)));

describe("what the groups of a storm have in common", () => {
  it("the same finding on the same connections of one system, most groups first", () => {
    const [first, ...others] = commonOf(many(24)).findings;
    expect(first?.found.title).toBe("Nothing listens on db1:5432");
    expect(first?.groups).toBe(12);
    expect(others).toEqual([]);
  });

  it("not the same finding of another system: its connection has the name only", () => {
    const { findings } = commonOf(many(8, (n) => ({ system: `s${n}`, found: group(0).found! })));
    expect(findings).toEqual([]);
  });

  it("no finding that says that nothing is wrong", () => {
    const found = { ...group(0).found!, severity: "info" as const };
    expect(commonOf(many(8, () => ({ system: "shop", found }))).findings).toEqual([]);
  });

  it("labels that tell some from others; what all share only where nothing else is shared", () => {
    expect(commonOf(many(24)).labels).toEqual([{ name: "zone", value: "eu-1", groups: 18 }]);
    const same = many(5, (n) => ({ labels: { env: "prod", instance: `app-${n}` } }));
    expect(commonOf(same).labels).toEqual([{ name: "env", value: "prod", groups: 5 }]);
  });

  it("neither name nor severity of the alert, and nothing that few share", () => {
    const labels = (n: number) => ({
      labels: { alertname: "A", severity: "critical", rack: n < 2 ? "r1" : `${n}` },
    });
    expect(commonOf(many(9, labels)).labels).toEqual([]);
    expect(commonOf(many(2)).labels).toEqual([]);
  });

  it("only of what still fires", () => {
    const { findings, labels, systems } = commonOf(many(9, () => ({ status: "resolved" })));
    expect([findings, labels, systems]).toEqual([[], [], []]);
  });

  it("names critical ones first, then those with more alerts, then the oldest", () => {
    const groups = [
      group(1, { severity: "warning", firing: 9 }),
      group(2, { severity: "critical", firing: 1 }),
      group(3, { severity: "critical", firing: 2 }),
    ];
    expect(groups.toSorted(byUrgency).map(({ incident }) => incident)).toEqual([103, 102, 101]);
  });
});
