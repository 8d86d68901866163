import { describe, expect, it } from "vitest";
import { nextWindow, sayPlanned, windowAt, windowName } from "../../../src/core/rules/planned.ts";
import { Planned } from "../../../src/core/words/planned.ts";

const plan = (more: object): Planned =>
  Planned.parse({ systems: ["shop"], on: "daily", at: "02:00", for: "2h", reason: "backup", ...more });
const at = (text: string) => new Date(text);
const since = (window: { since: Date } | undefined) => window?.since.toISOString();

describe("a window", () => {
  it("holds from its beginning until before its end, also over midnight", () => {
    const late = plan({ at: "23:00" });
    expect(windowAt(late, at("2026-11-29T22:59:59Z"))).toBeUndefined();
    expect(since(windowAt(late, at("2026-11-29T23:00:00Z")))).toBe("2026-11-29T23:00:00.000Z");
    expect(since(windowAt(late, at("2026-11-30T00:59:59Z")))).toBe("2026-11-29T23:00:00.000Z");
    expect(windowAt(late, at("2026-11-30T01:00:00Z"))).toBeUndefined();
  });
  it("begins on the weekdays that are named, of the zone it is in", () => {
    // A Saturday evening in London is Sunday in Auckland.
    const sunday = plan({ on: ["sunday"], zone: "Pacific/Auckland" });
    expect(since(windowAt(sunday, at("2026-11-28T13:30:00Z")))).toBe("2026-11-28T13:00:00.000Z");
    expect(windowAt(sunday, at("2026-11-29T13:30:00Z"))).toBeUndefined();
  });
  it("begins on a date that is named, and lasts days", () => {
    const freeze = plan({ on: "2026-12-24", at: "18:00", for: "3d", quiet: false });
    expect(windowAt(freeze, at("2026-12-24T17:59:00Z"))).toBeUndefined();
    expect(since(windowAt(freeze, at("2026-12-27T17:59:00Z")))).toBe("2026-12-24T18:00:00.000Z");
    expect(windowAt(freeze, at("2026-12-27T18:00:00Z"))).toBeUndefined();
  });
  it("keeps its hour by the clock of its zone when that is changed", () => {
    const berlin = plan({ at: "04:00", zone: "Europe/Berlin" });
    expect(since(windowAt(berlin, at("2026-03-28T03:30:00Z")))).toBe("2026-03-28T03:00:00.000Z");
    expect(since(windowAt(berlin, at("2026-03-29T03:30:00Z")))).toBe("2026-03-29T02:00:00.000Z");
    expect(since(windowAt(berlin, at("2026-10-25T03:30:00Z")))).toBe("2026-10-25T03:00:00.000Z");
  });
  it("comes once where the clock shows its time twice, and at the same moment where it skips it", () => {
    const berlin = plan({ at: "02:30", for: "30m", zone: "Europe/Berlin" });
    expect(since(nextWindow(berlin, at("2026-10-24T23:00:00Z")))).toBe("2026-10-25T00:30:00.000Z");
    expect(since(nextWindow(berlin, at("2026-10-25T00:45:00Z")))).toBe("2026-10-26T01:30:00.000Z");
    expect(since(nextWindow(berlin, at("2026-03-28T23:00:00Z")))).toBe("2026-03-29T01:30:00.000Z");
  });
  it("of two that overlap the one that ends last", () => {
    expect(since(windowAt(plan({ for: "2d" }), at("2026-11-30T03:00:00Z")))).toBe("2026-11-30T02:00:00.000Z");
  });
});

it("the next one is named, however far a date is; none where all are over", () => {
  const now = at("2026-11-30T12:00:00Z");
  expect(since(nextWindow(plan({ on: ["Monday"] }), now))).toBe("2026-12-07T02:00:00.000Z");
  expect(since(nextWindow(plan({ on: ["2027-12-24", "2026-01-01"] }), now))).toBe("2027-12-24T02:00:00.000Z");
  expect(nextWindow(plan({ on: "2026-01-01" }), now)).toBeUndefined();
  expect(sayPlanned(plan({ on: ["Sunday", "monday"], zone: "Europe/Berlin" }))).toBe(
    "sunday, monday at 02:00 (Europe/Berlin)",
  );
});

it("has one name for whoever opens it", () => {
  const window = { since: at("2026-11-30T02:00:00Z"), until: at("2026-11-30T04:00:00Z") };
  expect(windowName("shop", plan({}), window)).toBe(
    "maintenance:shop:2026-11-30T02:00:00.000Z/2026-11-30T04:00:00.000Z",
  );
  expect(windowName("shop", plan({ quiet: false }), window)).toBe(
    "freeze:shop:2026-11-30T02:00:00.000Z/2026-11-30T04:00:00.000Z",
  );
});

it.each([
  [{ on: "someday" }, "a day is daily, monday … sunday"],
  [{ on: "2026-02-30" }, "a date such as 2026-12-24"],
  [{ at: "24:00" }, "00:00 to 23:59"],
  [{ for: "8d" }, "from 1m to 7d"],
  [{ zone: "Berlin" }, "a name such as Europe/Berlin"],
  [{ systems: [] }, "systems"],
])("%j is refused", (more, words) => {
  expect(() => plan(more)).toThrow(words);
});
