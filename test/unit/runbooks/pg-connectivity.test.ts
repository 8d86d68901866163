import { describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { failed, judge } from "../../../src/testing/index.ts";

const usage = {
  used: 47,
  usable: 50,
  max: 53,
  reserved: 3,
  ratio: 0.94,
  active: 2,
  idle: 45,
  idleInTransaction: 0,
  workMemBytes: 4_194_304,
  waitingForLock: 0,
  roleLimits: [],
  databaseLimits: [],
  seesAll: true,
};
const full = failed("target_refused", "Postgres: sorry, too many clients already", "53300", {
  routine: "ProcArrayAdd",
});
const ids = (steps: Record<string, unknown>) =>
  judge(pgConnectivity, { steps }).findings.map(({ id, severity }) => `${severity} ${id}`);

describe("53300", () => {
  it("of diagbot's own second session is no fault of the server", () =>
    expect(ids({ usage, connection: full })).toEqual(["warning slots-run-out", "info own-sessions"]));

  it("of every session is", () =>
    expect(ids({ usage: full, connection: full })).toEqual(["critical too-many-clients"]));
});
