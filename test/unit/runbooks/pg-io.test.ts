import { describe, expect, it } from "vitest";
import { ioFindings, sinceLast } from "../../../runbooks/postgres/io-words.ts";
import { postgres } from "../../../src/sdk/index.ts";

const GIB = 1_073_741_824;
const NOW = 1_800_000_000;
const quiet: postgres.IoCounters = {
  at: NOW,
  blocksHit: 1_000_000,
  blocksRead: 1_000,
  tempFiles: 0,
  tempBytes: 0,
  timed: 1_000,
  requested: 5,
  walBytes: 50 * GIB,
};
/** Counters began ten days ago; the two looks are two seconds apart. */
const io = (more: Partial<postgres.IoCounters> = {}, rest: Partial<postgres.Io> = {}): postgres.Io => {
  const second = { ...quiet, ...more };
  return {
    first: { ...second, at: second.at - 2 },
    second,
    databaseSince: NOW - 864_000,
    checkpointsSince: NOW - 864_000,
    walSince: NOW - 864_000,
    startedAt: NOW - 864_000,
    checkpointTimeoutSeconds: 300,
    maxWalBytes: GIB,
    workMemBytes: 4_194_304,
    sharedBuffersBytes: 134_217_728,
    spilling: [],
    ...rest,
  };
};
const limits = { spillBytes: 5 * GIB, hitRatio: 0.9 };
const found = (now: postgres.Io, before?: postgres.Io) => ioFindings(now, before, limits);
const ids = (now: postgres.Io, before?: postgres.Io) => found(now, before).map(({ id }) => id);

it("a server that does its work is healthy", () => {
  expect(ids(io())).toEqual([]);
});

describe("checkpoints", () => {
  const often = { timed: 100, requested: 9_000 };
  it("by WAL are too frequent; by commands they are somebody's", () => {
    expect(found(io({ ...often, walBytes: 9_000 * 0.6 * GIB }))[0]).toMatchObject({
      id: "checkpoints-too-frequent",
      title: "A checkpoint every 95 s, because max_wal_size (1.0 GiB) is soon full",
    });
    expect(ids(io({ ...often, walBytes: 50 * GIB }))).toEqual(["checkpoints-by-command"]);
  });
  it("of what asked for them nothing is known where WAL is not counted, or from another time on", () => {
    expect(found(io({ ...often, walBytes: null }))[0]?.because).toContain("is not known here");
    expect(found(io(often, { walSince: NOW - 60 }))[0]?.remedies).toEqual(["moreWal", "whoAsks"]);
  });
  it("a few, or far apart, are no matter", () => {
    expect(ids(io({ timed: 0, requested: 9 }))).toEqual([]);
    expect(ids(io({ timed: 0, requested: 1_000 }))).toEqual([]);
  });
  it("since the last look, not since ever: a bad hour shows, a bad past does not", () => {
    const before = io({ at: NOW - 3_600 });
    const hour = io({ requested: 65, timed: 1_000, walBytes: 110 * GIB });
    expect(found(hour, before)[0]?.because).toContain(
      "60 checkpoints were asked for and 0 came by the clock since the last look",
    );
    expect(ids(hour)).toEqual([]);
    const past = { timed: 100, requested: 9_000, walBytes: 9_000 * GIB };
    expect(ids(io({ ...past, timed: 112 }), io({ ...past, at: NOW - 3_600 }))).toEqual([]);
  });
});

describe("an earlier look", () => {
  it("is none where counters began anew, fell, or it is no earlier one", () => {
    const before = io({ at: NOW - 3_600 });
    expect(sinceLast(io(), before)?.seconds).toBe(3_600);
    expect(sinceLast(io({}, { databaseSince: NOW - 60 }), before)).toBeUndefined();
    expect(sinceLast(io({ blocksHit: 5 }), before)).toBeUndefined();
    expect(sinceLast(io(), io({ at: NOW + 5 }))).toBeUndefined();
    expect(postgres.earlierIo({ of: "another version" })).toBeUndefined();
    expect(postgres.earlierIo(before)).toEqual(before);
  });
});

describe("temporary files", () => {
  const statement = { statement: "SELECT … ORDER BY x", calls: 100, bytes: 60 * GIB, isMaintenance: false };
  it("by the day; less than a day is not multiplied", () => {
    expect(ids(io({ tempFiles: 900, tempBytes: 60 * GIB }))).toEqual(["spills-to-disk"]);
    expect(ids(io({ tempFiles: 900, tempBytes: 40 * GIB }))).toEqual([]);
    expect(ids(io({ tempFiles: 9, tempBytes: 4 * GIB }, { databaseSince: NOW - 600 }))).toEqual([]);
  });
  it("with the statement that writes most of them, and what it is for", () => {
    const [one] = found(io({ tempFiles: 900, tempBytes: 60 * GIB }, { spilling: [statement] }));
    expect(one?.title).toContain("most of it by SELECT … ORDER BY x");
    expect(one?.because).toContain("wrote 614 MiB a call over 100 calls");
    const [index] = found(
      io({ tempFiles: 900, tempBytes: 60 * GIB }, { spilling: [{ ...statement, isMaintenance: true }] }),
    );
    expect(index?.because).toContain("maintenance_work_mem");
  });
  it("not with one that wrote at another time, or a part only", () => {
    const counted = { tempFiles: 900, tempBytes: 260 * GIB };
    const nightly = { ...statement, statement: "CREATE INDEX …", bytes: 200 * GIB };
    const before = io({ at: NOW - 86_400, tempFiles: 800, tempBytes: 200 * GIB }, { spilling: [nightly] });
    // What wrote most ever has written nothing since yesterday.
    const [today] = found(io(counted, { spilling: [nightly, statement] }), before);
    expect(today?.title).toMatch(
      /^60.0 GiB in 100 temporary files since the last look.*, most of it by SELECT … ORDER BY x$/,
    );
    const [several] = found(io(counted, { spilling: [nightly, { ...statement, bytes: 29 * GIB }] }), before);
    expect(several?.title).not.toContain("most of it");
    expect(several?.because).toContain("No statement is known to have written half of it");
    // Of the first look only the five largest are known: whoever was none of them wrote less than they did, no more is known.
    const five = Array.from({ length: 5 }, (_, n) => ({
      ...nightly,
      statement: `s${n}`,
      bytes: (40 + n) * GIB,
    }));
    const [unknown] = found(
      io(counted, { spilling: [...five, statement].slice(1) }),
      io({ at: NOW - 86_400, tempFiles: 800, tempBytes: 200 * GIB }, { spilling: five }),
    );
    expect(unknown?.title).not.toContain("most of it");
    // Counted anew meanwhile, or longer than the files have been: no more can be said of it than it can have written.
    const [older] = found(io({ tempFiles: 9, tempBytes: 60 * GIB }, { spilling: [nightly] }));
    expect(older?.title).not.toContain("most of it");
  });
});

describe("the cache", () => {
  const miss = { blocksHit: 1_060_000, blocksRead: 41_000 };
  it("fell since the last look", () => {
    const [one] = found(io(miss), io({ at: NOW - 3_600 }));
    expect(one).toMatchObject({ id: "cache-misses", severity: "warning" });
    expect(one?.title).toMatch(/^60 % of block reads .* since the last look, 60 min ago, 100 % before$/);
  });
  it("is cold after a start, which is no fault of any statement", () => {
    const [one] = found(io(miss, { startedAt: NOW - 300 }), io({ at: NOW - 3_600 }));
    expect(one).toMatchObject({ id: "cache-misses", severity: "info" });
    expect(one?.because).toContain("The server was started 5 min ago: its cache was empty then");
    expect(one?.because).not.toContain("new or changed statement");
  });
  it("always was small: said once, as what it is", () => {
    const [one] = found(
      io({ blocksHit: 660_000, blocksRead: 440_000 }),
      io({ at: NOW - 3_600, blocksHit: 600_000, blocksRead: 400_000 }),
    );
    expect(one).toMatchObject({ severity: "info" });
    expect(one?.title).toContain(", as before");
  });
  it("a few blocks, or only what was long ago, say nothing", () => {
    expect(ids(io({ blocksHit: 1_000_000, blocksRead: 9_000 }), io({ at: NOW - 3_600 }))).toEqual([]);
    expect(ids(io({ blocksHit: 500_000, blocksRead: 500_000 }))).toEqual([]);
  });
});
