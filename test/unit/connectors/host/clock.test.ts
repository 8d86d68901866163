// Emulated: time services as they answer on machines that no test can make here.
import { describe, expect, it } from "vitest";
import { comparedWith, skewFinding, unsynchronisedFinding } from "../../../../runbooks/host/clocks.ts";
import { type Clock, judgeClock, oursOf } from "../../../../src/connectors/host/clock.ts";
import { clockBounds } from "../../../../src/lib/clock-bounds.ts";

const chrony = (offset: string, leap: string) =>
  `A29FC87B,162.159.200.123,4,1795989000.1,${offset},-0.00001,0.0002,-12.1,0.002,0.04,0.01,0.0007,64.3,${leap}\n`;
const adjtimex = (status: string) =>
  `    mode:         0\n-o  offset:       0 us\n    maxerror:     16000000\n    status:       ${status}\n`;
const said = ({ c = "", s = "", n = "", k = "" }) => `${c}==\n${s}==\n${n}==\n${k}==\nkvm-clock\n`;
const clockOf = (words: string, ours = { low: -5, high: 5 }): Clock => ({ ...judgeClock(words), ours });
const find = (
  clock: Clock,
  others: { database?: { low: number; high: number }; service?: { low: number; high: number } } = {},
) => {
  const compared = comparedWith({ clock, ...others });
  return [unsynchronisedFinding(clock, compared, 0.5, []), skewFinding(clock, compared, 0.5)].flatMap(
    (one) => one ?? [],
  );
};

describe("who keeps the clock", () => {
  it("chrony that follows a server: well, whatever the kernel's flag (no rtcsync)", () => {
    const clock = clockOf(said({ c: chrony("0.000012", "Normal"), k: adjtimex("64 (UNSYNC)") }));
    expect(clock).toMatchObject({
      synchronised: true,
      by: "chrony",
      source: "162.159.200.123",
      maxErrorSeconds: 16,
    });
    expect(find(clock)).toEqual([]);
  });

  it("chrony far off, and chrony that follows nobody", () => {
    expect(find(clockOf(said({ c: chrony("-41.5", "Normal") })))).toMatchObject([
      { id: "clock-skew", severity: "critical", title: "The clock is 42 s off, as chrony says" },
    ]);
    const alone = find(clockOf(said({ c: chrony("0.0", "Not synchronised") })));
    expect(alone).toMatchObject([{ id: "clock-unsynchronised" }]);
    expect(alone[0]?.because).toContain("follows nobody");
  });

  it("a container without a time service on a machine that has one: the kernel's clock is the machine's", () => {
    const clock = clockOf(said({ k: adjtimex("8193 (PLL | NANO)") }));
    expect(clock).toMatchObject({ synchronised: true, by: "kernel" });
    expect(clock.notSeen).toBeUndefined();
    expect(find(clock)).toEqual([]);
    expect(
      clockOf(said({ k: "ntp_gettime() returns code 0 (OK)\n  status 0x2001 (PLL,NANO),\n" })).synchronised,
    ).toBe(true);
  });

  it("ntpd and systemd by their own words", () => {
    expect(clockOf(said({ n: "leap=00, stratum=2, refid=10.0.0.1,\noffset=-1200.5\n" }))).toMatchObject({
      ...{ synchronised: true, by: "ntpd", offsetSeconds: 1.2005, source: "10.0.0.1" },
    });
    expect(clockOf(said({ n: "leap=11, stratum=16, refid=INIT\n" }))).toMatchObject({ synchronised: false });
    expect(clockOf(said({ s: "Timezone=UTC\nNTP=yes\nNTPSynchronized=no\n" }))).toMatchObject({
      synchronised: false,
      by: "systemd",
    });
  });

  it("nobody to ask is unknown and said so, not well and not ill", () => {
    const clock = clockOf(said({}));
    expect(clock).toMatchObject({
      synchronised: null,
      offsetSeconds: null,
      notSeen: [{ what: "whether the clock is synchronised" }],
    });
    expect(find(clock)).toEqual([]);
  });
});

describe("clocks against each other", () => {
  const kept = said({ c: chrony("0.0", "Normal") });

  it("a slow answer proves nothing: the bounds are as wide as the round trip", () => {
    expect(clockBounds(10_000, 4_000, 12_000, 0)).toEqual({ low: -2_000, high: 6_000 });
    expect(find(clockOf(kept, { low: -2_000, high: 6_000 }))).toEqual([]);
  });

  it("ahead of the database and of diagbot by more than both round trips", () => {
    const [finding] = find(clockOf(kept, { low: 95_000, high: 95_100 }), {
      database: { low: -20, high: 40 },
    });
    expect(finding).toMatchObject({ id: "clock-skew", severity: "critical" });
    expect(finding?.title).toContain(
      "The clock is at least 94 s ahead of the Postgres server and diagbot's own machine",
    );
    expect(finding?.because).toContain("this machine's is the likely one");
  });

  it("one other clock that differs: either of the two is wrong; whole seconds of a Date header are no difference", () => {
    const [finding] = find(clockOf(kept), { database: { low: 7_000, high: 7_050 } });
    expect(finding?.title).toContain("behind the Postgres server");
    expect(finding?.because).toContain("Either this clock is wrong or the other one");
    expect(find(clockOf(kept), { service: { low: -900, high: 150 } })).toEqual([]);
  });

  it("whole seconds of busybox widen the bounds", () => {
    expect(oursOf("100.500000000\n", 100_400, 100_600)).toEqual({ low: -100, high: 100 });
    expect(oursOf("100.%N\n", 100_400, 100_600)).toEqual({ low: -600, high: 600 });
    expect(() => oursOf("date: no\n", 1, 2)).toThrow("does not say the time");
  });
});

it("what is proven is never rounded up, and is what all the clocks prove that are named", () => {
  const off = clockOf(said({ c: chrony("0.000012", "Normal") }), { low: -119_700, high: -119_600 });
  const [skew] = find(off, { database: { low: -5, high: 5 }, service: { low: -20, high: 20 } });
  expect(skew?.title).toContain("The clock is at least 119 s behind the Postgres server");
  const nearer = { low: -2_360, high: -2_350 };
  const [less] = find(clockOf(said({}), nearer), { database: { low: 0, high: 0 } }).slice(-1);
  expect(less?.title).toContain("at least 2.3 s behind");
});
