import { describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { judge } from "../../../src/testing/index.ts";

const open = {
  pid: 4711,
  application: "mailer",
  user: "app",
  state: "idle in transaction",
  transactionSeconds: 7_200,
};
const shared = { notifyUsed: 0, open: [] as object[], slru: [] as object[], looks: 5 };
const said = (more: Partial<typeof shared>) =>
  judge(pgConnectivity, {
    steps: {
      lockTable: { held: 3, room: 8_000, perTransaction: 64, holders: [], shared: { ...shared, ...more } },
    },
  });

describe("the queue of NOTIFY", () => {
  it.each([
    [0.49, []],
    [0.5, ["warning notify-queue"]],
    [0.95, ["critical notify-queue"]],
  ])("%d full", (notifyUsed, ids) =>
    expect(said({ notifyUsed }).findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(ids),
  );

  it("names the transaction that is open for longest, and does not claim that it listens", () => {
    const { findings, remedies } = said({ notifyUsed: 0.8, open: [open] });
    expect(findings[0]?.because).toMatch(
      /session 4711 \(mailer of app\) is open for longest \(2(\.0)? h.*does not say/,
    );
    expect(remedies.emptyNotify?.advice).toContain("4711, if it is a listener");
  });

  it("a transaction that is open alone is no finding of it", () =>
    expect(said({ open: [open] }).findings).toEqual([]));
});

describe("waits for pages of transactions", () => {
  it.each([
    ["subtransactions", /64 subtransactions/, /SAVEPOINT/],
    ["multixacts", /foreign key/, /parent row/],
    ["notify", /NOTIFY/, /listeners/],
    ["transactions", /vacuum/, /VACUUM/],
  ])("%s: its own cause, and what helps against that", (of, because, advice) => {
    const { findings, remedies } = said({ slru: [{ of, sessions: 12.4 }] });
    expect(findings).toMatchObject([{ id: "slru-waits", severity: "warning" }]);
    expect(findings[0]?.title).toMatch(/^12 sessions at a time wait for/);
    expect(findings[0]?.because).toMatch(because);
    expect(remedies.relieveSlru?.advice).toMatch(advice);
  });
  it("one or two at a time are how a busy server looks", () =>
    expect(said({ slru: [{ of: "subtransactions", sessions: 2.8 }] }).findings).toEqual([]));
});

describe("a standby seen from its primary", () => {
  const nothing = {
    slots: [],
    slotLimitBytes: null,
    receiver: null,
    archiver: { mode: "off", failedCount: 0, isFailing: false, lastFailedWal: "" },
  };
  const standby = {
    name: "late",
    address: "10.0.0.8",
    state: "streaming",
    measuredBy: "replayed",
    lagBytes: 5e9,
    lagSeconds: 14_400,
    replySeconds: 2,
  };
  const because = (...standbys: object[]) =>
    judge(pgConnectivity, { steps: { replication: { ...nothing, standbys } } }).findings[0];

  it("that has received all loses nothing: meant, or held", () => {
    const found = because({ ...standby, receivedBytes: 1_000 });
    expect(found?.title).toContain("with all WAL received");
    expect(found?.because).toMatch(
      /nothing of it is lost: either that is meant \(recovery_min_apply_delay.*to tell them apart/,
    );
    expect(found?.because).not.toContain("A failover would lose");
  });
  it("that has not received it does", () => {
    const found = because({ ...standby, receivedBytes: 5e9 });
    expect(found?.title).not.toContain("received");
    expect(found?.because).toContain("A failover would lose what has not been received.");
  });
  it("of two each is told by what it has, and a recording of before by what it knew", () => {
    const found = because({ ...standby, receivedBytes: 0 }, { ...standby, name: "slow", receivedBytes: 5e9 });
    expect(found?.because).toMatch(
      /late has received .* A failover would lose what has not been received by the others\./,
    );
    expect(because(standby)?.because).toContain("A failover would lose what has not been received.");
  });
});
