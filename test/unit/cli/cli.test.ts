import { describe, expect, it } from "vitest";
import { refusing, rig } from "./rig.ts";
import { waitingRun } from "./waiting-run.ts";

const healthy = () => waitingRun({ status: "succeeded", findings: [], remedies: [] });

describe("what /diag has, too", () => {
  it.each([
    [["list"], "list", []],
    [["list", "shop"], "list", ["shop"]],
    [["history", "shop"], "history", ["shop"]],
    [["changes", "shop"], "changes", ["shop"]],
    [["pending"], "pending", []],
    [["storm", "shop", "firing"], "storm", ["shop", "firing"]],
    [["open", "12"], "open", ["12"]],
    [["freeze", "1h30m", "release", "under", "way"], "freeze", ["1h30m", "release", "under", "way"]],
    [["freeze"], "freeze", []],
    [["unfreeze"], "unfreeze", []],
    [["unfreeze", "--yes"], "unfreeze", ["yes"]],
    [["cancel", "#42"], "cancel", ["42"]],
  ])("%j goes through the same door", async (argv, command, words) => {
    const { say, asked } = rig();
    const { code, out } = await say(...argv);
    expect({ code, asks: asked.asks }).toEqual({ code: 0, asks: [{ command, words }] });
    // Advice names what can be typed here.
    expect(out).toContain("diagbot unfreeze --yes");
    expect(JSON.parse((await say(...argv, "--json")).out)).toEqual({ runs: [] });
  });

  it("exits by what the door says", async () => {
    const refusedBy = (code: "not_allowed" | "unknown_system") =>
      rig({
        ask: async () => ({
          ...{ title: "no", sections: [] },
          error: { code, message: "no", hint: "type `/diag list`" },
        }),
      });
    expect(await refusedBy("not_allowed").say("unfreeze")).toEqual({
      ...{ code: 2, out: "", err: "not_allowed: no\ntype `diagbot list`\n" },
    });
    expect((await refusedBy("unknown_system").say("history", "shpo")).code).toBe(64);
    expect((await rig().say("history")).code).toBe(64);
    expect((await rig().say("cancel", "43")).code).toBe(64);
  });

  it("a cancelled run is brought to its end where no worker is alive", async () => {
    const { say, asked } = rig({ hasWorker: async () => false });
    await say("cancel", "42");
    expect(asked.inline).toEqual([42]);
  });
});

describe("the other commands", () => {
  it("lists runbooks without configuration", async () => {
    const { say } = rig({ knowledge: refusing("bad_config", "no file") });
    const { code, out, err } = await say("runbooks");
    expect(code).toBe(0);
    expect(err).toBe("only what diagbot ships: no file\n");
    expect(out).toMatch(
      /pg-pool-exhausted {2}Postgres connection pool exhausted {2}postgres {2}idleMinutes=10/,
    );
    expect(JSON.parse((await say("runbooks", "--json")).out)[0]).toMatchObject({
      id: "pg-pool-exhausted",
      params: [{ name: "idleMinutes", default: 10 }],
    });
  });

  it("shows a run and exits 0 whatever it says", async () => {
    expect((await rig({ run: async () => healthy() }).say("status", "42")).code).toBe(0);
    expect(await rig().say("status", "42")).toMatchObject({ code: 0, err: "" });
  });

  it("checks configuration and runbooks together", async () => {
    const bad = rig({ config: refusing("bad_config", "diagbot.yaml:1:1: one\ndiagbot.yaml:2:1: two") });
    const { code, out, err } = await bad.say("check");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("diagbot.yaml:1:1: one\ndiagbot.yaml:2:1: two");
    const unlisted = await rig().say("check", "--json");
    expect(JSON.parse(unlisted.out)).toMatchObject({ systems: 1, runbooks: 1 });
  });

  it("what was left out is listed apart, and fails the check", async () => {
    const leftOut = ["packs/orders.ts: it threw: no such table"];
    const known = { kinds: [], runbooks: [], packs: [], leftOut, warnings: [] };
    const { say } = rig({ knowledge: async () => known });
    const { out, err } = await say("runbooks");
    expect(out).toBe("no runbooks\n");
    expect(err).toBe(`left out: ${leftOut[0]}\n`);
    expect(await say("check")).toMatchObject({ code: 2, err: expect.stringContaining(`${leftOut[0]}\n`) });
  });

  it("migrates, verifies the audit and says where it breaks", async () => {
    expect(await rig().say("migrate")).toEqual({ code: 0, out: "applied 0001-runs.sql\n", err: "" });
    expect((await rig({ migrate: async () => [] }).say("migrate")).out).toBe("nothing to do\n");
    expect((await rig().say("audit", "verify")).out).toBe("ok: 3 rows, 0 checkpoints, head 3 ab\n");
    const broken = {
      rows: 1,
      archived: { rows: 0, read: false },
      unchained: 0,
      checkpoints: 0,
      head: { seq: 3, hash: "ab" },
      firstBad: { seq: 2, why: "the row is missing" },
    };
    const spoken = await rig({ auditVerify: async () => broken }).say("audit", "verify");
    expect(spoken).toMatchObject({
      code: 2,
      out: "row 2: the row is missing (1 row before it are as written)\n",
    });
    const lagging = {
      rows: 3,
      archived: { rows: 7, read: false },
      unchained: 0,
      checkpoints: 1,
      head: { seq: 3, hash: "ab" },
      checkpointsFlaw: "too old",
    };
    const unproven = rig({ auditVerify: async () => lagging });
    expect(await unproven.say("audit", "verify")).toMatchObject({
      code: 2,
      out: "7 rows in archives (not read: --archives), 3 rows, 1 checkpoint, head 3 ab\nnot proven: too old\n",
    });
    expect(JSON.parse((await unproven.say("audit", "verify", "--json")).out)).toEqual({
      ok: false,
      ...lagging,
    });
  });

  it("archives what is old enough, as told or as diagbot.yaml says", async () => {
    const asked: unknown[] = [];
    const made = { first: 1, last: 3, hash: "ab", file: "a.gz", sha256: "cd", path: "/x/a.gz" };
    const { say } = rig({
      archive: async (ask) => {
        asked.push(ask);
        return ask.dryRun ? { made, removed: 0 } : { made, removed: 3 };
      },
    });
    expect(await say("archive", "--to", "/x")).toMatchObject({
      code: 64,
      err: expect.stringContaining("keep:"),
    });
    expect(await say("archive", "--to", "/x", "--older-than", "1d")).toMatchObject({ code: 64 });
    expect(await say("archive", "--to", "/x", "--older-than", "2y", "--dry-run")).toMatchObject({
      code: 0,
      out: "would write 3 rows (1 to 3) to /x/a.gz and remove them\n",
    });
    expect((await say("archive", "--to", "/x", "--older-than", "400d")).out).toContain("sha256 cd");
    const ask = { to: "/x", dryRun: false };
    expect(asked).toEqual([
      { ...ask, olderThanMs: 2 * 365 * 86_400_000, dryRun: true },
      { ...ask, olderThanMs: 400 * 86_400_000 },
    ]);
    const none = rig({ keepsAuditMs: () => 86_400_000 * 730, archive: async () => ({ removed: 0 }) });
    expect((await none.say("archive", "--to", "/x")).out).toBe(
      "no row of the audit record is older than 730 d.\n",
    );
  });

  it("doctor exits 1 when something is missing and says what to do", async () => {
    expect((await rig().say("doctor")).code).toBe(0);
    const { code, out } = await rig({
      doctor: async () => [
        { name: "Redis", state: "warning", detail: "not used" },
        { name: "Postgres", state: "missing", detail: "ECONNREFUSED", fix: "start it" },
      ],
    }).say("doctor");
    expect(code).toBe(1);
    expect(out).toContain("Postgres: start it");
    expect(out).not.toContain("would not start");
  });

  it("doctor sends a test to the webhooks that are named", async () => {
    const asked: unknown[] = [];
    const { say } = rig({
      doctor: async (role, tell) => {
        asked.push([role, tell]);
        return [];
      },
    });
    await say("doctor", "--tell", "pager", "mail");
    await say("doctor");
    expect(asked).toEqual([
      ["all", ["pager", "mail"]],
      ["all", []],
    ]);
  });

  it("doctor prints what to paste as it is, and says when serve would not start", async () => {
    const asked: string[] = [];
    const { say } = rig({
      doctor: async (role) => {
        asked.push(role);
        return [
          {
            ...{ name: "shop/db role", state: "warning", detail: "lacks", fix: "in psql" },
            paste: ['GRANT pg_monitor TO "a""b\u202e";'],
          },
          { name: "queue", state: "missing", detail: "away", stopsServe: true },
        ];
      },
    });
    const { out } = await say("doctor", "--role", "worker");
    expect(asked).toEqual(["worker"]);
    expect(out).toContain('shop/db role: in psql\n  GRANT pg_monitor TO "a""b";\n');
    expect(out).toContain("serve --role worker would not start.");
    expect(JSON.parse((await say("doctor", "--json")).out)).toMatchObject({ ok: false, serves: false });
    expect(asked).toEqual(["worker", "all"]);
  });

  it("closes an incident with the words that follow as the reason", async () => {
    const { say, asked } = rig();
    expect(await say("close", "12", "silenced", "for", "now")).toMatchObject({
      code: 0,
      out: "Incident #12 is closed\n",
    });
    expect(asked.incidents).toEqual([{ incident: "12", reason: "silenced for now" }]);
    expect((await say("close")).code).toBe(64);
  });

  it("serves in the role it was told", async () => {
    const { say, asked } = rig();
    await say("serve");
    await say("serve", "--role", "worker");
    expect(asked.served).toEqual(["all", "worker"]);
    expect((await say("serve", "--role", "boss")).code).toBe(64);
  });

  it("has help and a version", async () => {
    const { code, out } = await rig().say("--help");
    expect(code).toBe(0);
    for (const command of [
      "serve",
      "runbooks",
      "run",
      "status",
      "approve",
      "deny",
      "check",
      "doctor",
      "replay",
      "audit",
      ...[
        "migrate",
        "list",
        "history",
        "changes",
        "pending",
        "storm",
        "open",
        "cancel",
        "freeze",
        "unfreeze",
      ],
    ])
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect(await rig().say("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
  });
});
