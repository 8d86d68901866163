import { describe, expect, it } from "vitest";
import { refusing, rig } from "./rig.ts";

describe("diagbot approve and deny", () => {
  it("votes as the person, with the reason", async () => {
    const { say, asked } = rig();
    expect(await say("deny", "42", "terminateIdle", "--as", "bob", "--reason", "not now")).toMatchObject({
      code: 0,
    });
    expect(asked.votes).toEqual([
      {
        approval: "0".repeat(32),
        voter: expect.objectContaining({ id: "bob" }),
        decision: "deny",
        reason: "not now",
        breakGlass: false,
      },
    ]);
  });

  it("breaks the glass only when told to", async () => {
    const { say, asked } = rig();
    await say(
      "approve",
      "42",
      "terminateIdle",
      "--as",
      "alice",
      "--break-glass",
      "--reason",
      "everything is down",
    );
    expect(asked.votes).toEqual([
      expect.objectContaining({ breakGlass: true, reason: "everything is down" }),
    ]);
    expect((await say("deny", "42", "terminateIdle", "--as", "alice", "--break-glass")).code).toBe(64);
  });

  it("takes an answer to what nobody knows", async () => {
    const { say, asked } = rig();
    expect(await say("answer", "42", "terminateIdle", "did-not", "--as", "bob")).toMatchObject({
      ...{ code: 0, out: "terminateIdle: did-not\n" },
    });
    expect(asked.answers).toEqual([
      { approval: "0".repeat(32), voter: expect.objectContaining({ id: "bob" }), answer: "did-not" },
    ]);
    const typo = await say("answer", "42", "terminateIdle", "happend", "--as", "bob");
    expect(typo).toMatchObject({ code: 64, err: expect.stringContaining('did you mean "happened"?') });
  });

  it("says how many approvals are there", async () => {
    const { say } = rig({ vote: async () => ({ state: "pending", need: 2, have: 1 }) });
    expect((await say("approve", "42", "terminateIdle", "--as", "alice")).out).toBe(
      "terminateIdle: 1 of 2 approvals\n",
    );
  });

  it("carries an approval out where no worker is alive", async () => {
    const { say, asked } = rig({ hasWorker: async () => false });
    const { out } = await say("approve", "#42", "terminateIdle", "--as", "alice", "--json");
    expect(asked.inline).toEqual([42]);
    expect(JSON.parse(out)).toMatchObject({ state: "approved", run: { id: 42, status: "succeeded" } });
  });

  it.each([
    [["approve", "42", "terminateIdle"], 64, "--as"],
    [["approve", "42", "terminateIdle", "--as", "alcie"], 64, 'did you mean "alice"?'],
    [["approve", "42", "terminateIdel", "--as", "alice"], 64, 'did you mean "terminateIdle"?'],
    [["approve", "42", "raiseMaxConnections", "--as", "alice"], 2, "a human carries it out"],
    [["approve", "43", "terminateIdle", "--as", "alice"], 64, "there is no run 43"],
  ])("refuses %j", async (argv, code, says) => {
    const { say, asked } = rig();
    const spoken = await say(...argv);
    expect(spoken.code).toBe(code);
    expect(spoken.err).toContain(says);
    expect(asked.votes).toEqual([]);
  });

  it("exits 2 when the vote is not allowed", async () => {
    const { say } = rig({ vote: refusing("not_allowed", "you asked for this run") });
    expect(await say("approve", "42", "terminateIdle", "--as", "alice")).toMatchObject({
      code: 2,
      err: "not_allowed: you asked for this run\n",
    });
  });
});
