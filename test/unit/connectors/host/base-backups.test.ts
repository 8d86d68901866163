import { expect, test } from "vitest";
import { covered, readSet } from "../../../../src/connectors/host/dumps/base-backups.ts";

const SEGMENT = 16 * 1024 ** 2;
const run = (first: string, last: string, segments: number, seconds = 60) => ({
  first,
  last,
  segments,
  seconds,
});
const archive = (runs: ReturnType<typeof run>[], segmentBytes = SEGMENT) => ({
  ...{ folder: "/wal", is: "there" as const, segmentBytes, runs },
});
const T1 = "00000001";
const T2 = "00000002";

test("a later timeline goes on where it left the one before, and a gap before its own beginning is one", () => {
  const before = run(`${T1}0000000000000003`, `${T1}0000000000000008`, 6);
  const after = run(`${T2}0000000000000008`, `${T2}000000000000000B`, 4, 5);
  expect(covered(archive([before, after]), `${T1}0000000000000004`)).toEqual({
    first: true,
    gap: false,
    last: after,
  });
  const late = run(`${T2}000000000000000A`, `${T2}000000000000000B`, 2);
  expect(covered(archive([before, late]), `${T1}0000000000000004`)).toMatchObject({
    gap: true,
    last: before,
  });
  // What the earlier timeline went on with is of no use to a backup of the later one.
  expect(covered(archive([before]), `${T2}0000000000000008`)).toEqual({ first: false, gap: false });
});

test("positions go over to the next log after as many segments as its size gives", () => {
  const runs = [run(`${T1}00000000000000FF`, `${T1}0000000100000000`, 2)];
  expect(covered(archive(runs), `${T1}00000000000000FF`)).toMatchObject({ first: true, gap: false });
  const large = [
    run(`${T1}000000000000003E`, `${T1}000000000000003F`, 2),
    run(`${T1}0000000100000000`, `${T1}0000000100000000`, 1),
  ];
  expect(covered(archive(large, 64 * 1024 ** 2), `${T1}000000000000003E`).gap).toBe(false);
  expect(covered(archive(large), `${T1}000000000000003E`).gap).toBe(true);
});

test("what cannot be read of an answer is left out, and never taken for something", () => {
  const said = [
    "there",
    "1000",
    "B 400 2048 whole - no strange",
    "B x",
    `R ${T1}0000000000000001 no 3 4`,
    "A denied 0",
  ];
  expect(readSet(said, "/wal")).toEqual({
    is: "there",
    backups: [{ name: "strange", end: "whole", seconds: 600, bytes: 2048, own: false, segment: null }],
    archive: { folder: "/wal", is: "denied", segmentBytes: SEGMENT, runs: [] },
  });
  expect(readSet(["denied"], undefined)).toEqual({ is: "denied", backups: [], archive: null });
});
