import { describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { judge } from "../../../src/testing/index.ts";

const MIB = 1024 ** 2;
const nothing = {
  slots: [] as unknown[],
  slotLimitBytes: null,
  standbys: [] as unknown[],
  receiver: null as unknown,
  archiver: { mode: "off", failedCount: 0, isFailing: false, lastFailedWal: "" },
};
const said = (more: Partial<typeof nothing>) =>
  judge(pgConnectivity, { steps: { replication: { ...nothing, ...more } } });
const ids = (more: Partial<typeof nothing>) =>
  said(more).findings.map(({ id, severity }) => `${severity} ${id}`);

const standby = {
  name: "replica",
  address: "10.0.0.8",
  state: "streaming",
  measuredBy: "replayed",
  lagBytes: 0,
  lagSeconds: 0,
  replySeconds: 2,
};

describe("who follows this server", () => {
  it("pg_receivewal in step replays nothing, which is no lag (M12)", () =>
    expect(ids({ standbys: [{ ...standby, name: "pg_receivewal", measuredBy: "received" }] })).toEqual([]));
  it("what was not measured is not behind", () =>
    expect(
      ids({
        standbys: [
          {
            ...standby,
            lagSeconds: null,
            lagBytes: null,
            state: "hidden",
            measuredBy: null,
            replySeconds: null,
          },
        ],
      }),
    ).toEqual([]));
  it("a backup has no lag", () =>
    expect(ids({ standbys: [{ ...standby, state: "backup", lagBytes: 9e9, lagSeconds: null }] })).toEqual(
      [],
    ));
  it.each([
    ["by time", { lagSeconds: 200, lagBytes: 5 * MIB }],
    ["by bytes, while nobody measures the time", { lagSeconds: null, lagBytes: 4_096 * MIB }],
    ["because it has not spoken for long", { lagSeconds: 1, lagBytes: 5 * MIB, replySeconds: 300 }],
  ])("is behind %s", (_, more) =>
    expect(ids({ standbys: [{ ...standby, ...more }] })).toEqual(["warning standbys-behind"]),
  );
});

const receiver = {
  status: "streaming",
  hasPrimary: true,
  from: "10.0.0.1:5432",
  messageSeconds: 3,
  lastCommitSeconds: 900,
  isPaused: false,
  replayDelaySeconds: 0,
};

describe("what this standby gets (M8)", () => {
  it("an idle primary is no fault, however old the last commit", () => expect(ids({ receiver })).toEqual([]));
  it("one that is meant to be an hour behind is behind only beyond that", () => {
    const meant = { ...receiver, meantDelaySeconds: 3600, replayDelaySeconds: 3605 };
    expect(ids({ receiver: meant })).toEqual([]);
    expect(ids({ receiver: { ...meant, replayDelaySeconds: 4000 } })).toEqual(["warning replay-behind"]);
  });
  it("one that restores from an archive only is none either", () =>
    expect(
      ids({
        receiver: {
          ...receiver,
          status: "absent",
          hasPrimary: false,
          messageSeconds: null,
          replayDelaySeconds: null,
        },
      }),
    ).toEqual([]));
  it.each([
    ["no process receives", { status: "absent", messageSeconds: null, replayDelaySeconds: null }],
    ["it tries again and again", { status: "starting", messageSeconds: null, replayDelaySeconds: null }],
    ["the connection is silent", { messageSeconds: 300 }],
  ])("nothing: %s", (_, more) => {
    const { findings } = said({ receiver: { ...receiver, ...more } });
    expect(findings[0]).toMatchObject({ id: "receives-nothing", severity: "critical" });
    expect(findings[0]?.title).toContain("the last commit it has is 15 min old");
  });
  it("says what it may be where the configuration is hidden", () => {
    const { findings } = said({ receiver: { ...receiver, status: "absent", hasPrimary: null } });
    expect(findings[0]?.because).toContain("if it restores from an archive only, this is as it should be");
  });
});

const slot = {
  name: "old",
  kind: "logical",
  database: "shop",
  active: false,
  inactiveSeconds: 7_200,
  retainedBytes: 367 * MIB,
  safeBytes: null,
  walStatus: "reserved",
  lostBecause: "",
  synced: false,
};

describe("a slot (C31, M13)", () => {
  it.each([
    ["in use and in step", { active: true, retainedBytes: 20 * MIB }, []],
    ["never used, so it keeps nothing", { retainedBytes: null }, []],
    ["kept in step by the server for a failover", { synced: true }, []],
    ["of nobody", {}, ["warning inactive-slots"]],
    ["of nobody, just made", { retainedBytes: 208 }, ["info inactive-slots"]],
    ["of nobody, with much", { retainedBytes: 9_000 * MIB }, ["warning slots-keep-wal"]],
    ["slow", { active: true, retainedBytes: 9_000 * MIB }, ["warning slots-keep-wal"]],
    ["about to be lost", { walStatus: "unreserved" }, ["critical slot-ending:old"]],
    [
      "lost",
      { walStatus: "lost", retainedBytes: null, lostBecause: "wal_removed" },
      ["critical slot-lost:old"],
    ],
    ["lost to idle_replication_slot_timeout", { lostBecause: "idle_timeout" }, ["critical slot-lost:old"]],
  ])("%s", (_, more, wanted) => expect(ids({ slots: [{ ...slot, ...more }] })).toEqual(wanted));

  it("says its name, size, since when, and what to do", () => {
    const { findings, remedies } = said({ slots: [slot] });
    expect(findings[0]?.title).toMatch(/old \(367 MiB of WAL, nobody has read from it for 2 h/);
    expect(remedies.freeWal?.advice).toMatch(
      /^old \(367 MiB\): bring its consumer .*pg_drop_replication_slot\('old'\)/,
    );
  });

  it("of a slow consumer is not to be dropped under it", () => {
    const { remedies } = said({ slots: [{ ...slot, active: true, retainedBytes: 9_000 * MIB }] });
    expect(remedies.freeWal?.advice).not.toContain("pg_drop_replication_slot");
  });
});

describe("queries a standby cancels for replay", () => {
  const none = { tablespace: 0, lock: 0, snapshot: 0, bufferpin: 0, deadlock: 0 };
  const conflicts = { seconds: 1, now: none, ever: none, hours: 48, maxDelaySeconds: 30, feedback: false };
  const found = (more: object) =>
    judge(pgConnectivity, { steps: { replication: { ...nothing, conflicts: { ...conflicts, ...more } } } });

  it("none, or one a day, is how a standby works", () => {
    expect(found({}).findings).toEqual([]);
    expect(found({ ever: { ...none, snapshot: 3 } }).findings).toEqual([]);
  });
  it("says why most were, and what helps against that", () => {
    const [lock] = found({ now: { ...none, lock: 2, snapshot: 1 } }).findings;
    expect(lock?.title).toMatch(/^3 queries cancelled on this standby in 1 ?s, so that replay could go on$/);
    expect(lock?.because).toContain("exclusive lock");
    const often = found({ ever: { ...none, snapshot: 500 } });
    expect(often.findings[0]?.title).toMatch(/^500 queries cancelled on this standby in 2 ?d/);
    expect(often.findings[0]?.because).toContain("None was cancelled while we looked.");
  });
});
