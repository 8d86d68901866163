import { describe, expect, it } from "vitest";
import { whoIs } from "../../../src/cli/who.ts";
import { accountOf } from "../../../src/core/words/caller.ts";
import { people, refusing, rig } from "./rig.ts";
import { waitingRun } from "./waiting-run.ts";

describe("whose vote it is", () => {
  const words = ["approve", "42", "terminateIdle"];

  it("is that of the person whose account it is, also without a name", async () => {
    const { say, asked } = rig();
    expect((await say(...words)).code).toBe(0);
    expect(asked.votes).toEqual([
      expect.objectContaining({ voter: expect.objectContaining({ id: "alice" }), account: "alice@web1" }),
    ]);
  });

  it("needs a reason where somebody else is named", async () => {
    for (const option of ["--as", "--on-behalf"]) {
      const { say, asked } = rig();
      const bare = await say(...words, option, "bob");
      expect(bare).toMatchObject({ code: 64, err: expect.stringContaining("alice@web1 is alice, not bob") });
      expect(asked.votes).toEqual([]);
    }
  });

  it("counts as the vote of the person whose account it is, whoever is named", async () => {
    for (const option of ["--as", "--on-behalf"]) {
      const { say, asked } = rig();
      const { code, out } = await say(...words, option, "bob", "--reason", "bob is on a train");
      expect({ code, out }).toEqual({
        code: 0,
        out: "terminateIdle: approved (alice's vote, on behalf of bob); `diagbot status 42` shows what comes of it\n",
      });
      expect(asked.votes).toEqual([
        expect.objectContaining({
          ...{ voter: expect.objectContaining({ id: "alice" }), onBehalf: "bob" },
          ...{ account: "alice@web1", reason: "bob is on a train" },
        }),
      ]);
    }
  });

  it("is nobody's where diagbot.yaml knows nobody with the account; looking is allowed", async () => {
    const { say, asked } = rig({}, "deploy");
    for (const more of [[], ["--as", "bob"], ["--on-behalf", "bob", "--reason", "he said so"]])
      expect(await say(...words, ...more)).toMatchObject({
        code: 2,
        err: expect.stringContaining("login: [deploy]"),
      });
    expect(asked.votes).toEqual([]);
    expect((await say("status", "42")).code).toBe(0);
  });

  it("a run asked for by an account nobody knows offers nothing for approval", async () => {
    const { say, asked } = rig({}, "deploy");
    const { err } = await say("run", "pg-pool-exhausted", "--system", "shop");
    expect(asked.submit).toEqual([expect.objectContaining({ dryRun: true })]);
    expect(err).toContain("deploy@web1");
  });

  it.each([
    ["alice", undefined, "alice", "alice@web1"],
    ["bob", undefined, "bob", "bob@web1"],
    ["root", undefined, undefined, "root@web1"],
    ["root", "alice", "alice", "alice@web1 as root"],
    ["root", "mallory", undefined, "mallory@web1 as root"],
    // Anybody can set the variable; only who really became root is believed.
    ["carol", "alice", undefined, "carol@web1"],
    ["alice", "bob", "alice", "alice@web1"],
  ])("account %s, SUDO_USER %s: %s", (name, sudoUser, person, account) => {
    const who = whoIs({ name, host: "web1", sudoUser }, people, { sudo: ["root"] });
    expect(who.person?.id).toBe(person);
    expect(who.caller.principal).toBe(person);
    expect(accountOf(who.caller)).toBe(account);
  });

  it("an account of one host is nobody elsewhere", () => {
    expect(whoIs({ name: "bob", host: "web2" }, people, { sudo: [] }).person).toBeUndefined();
  });
});

describe("diagbot approve and deny", () => {
  it("votes as the person, with the reason", async () => {
    const { say, asked } = rig({}, "bob");
    expect(await say("deny", "42", "terminateIdle", "--as", "bob", "--reason", "not now")).toMatchObject({
      code: 0,
    });
    expect(asked.votes).toEqual([
      {
        approval: "0".repeat(32),
        voter: expect.objectContaining({ id: "bob" }),
        account: "bob@web1",
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
    const { say, asked } = rig({}, "bob");
    expect(await say("answer", "42", "terminateIdle", "did-not", "--as", "bob")).toMatchObject({
      ...{ code: 0, out: "terminateIdle: did-not\n" },
    });
    expect(asked.answers).toEqual([
      {
        ...{ approval: "0".repeat(32), voter: expect.objectContaining({ id: "bob" }), answer: "did-not" },
        account: "bob@web1",
      },
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
    ["succeeded", 0],
    ["failed", 2],
    ["unknown", 2],
  ] as const)("exits by what came of it where it is carried out here: %s", async (status, code) => {
    const { remedies } = waitingRun();
    const done = remedies.map((one) => (one.key === "terminateIdle" ? { ...one, status } : one));
    const workInline = async () => waitingRun({ remedies: done });
    const { say } = rig({ hasWorker: async () => false, workInline });
    expect((await say("approve", "42", "terminateIdle")).code).toBe(code);
  });

  it.each([
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
