import { describe, expect, it } from "vitest";
import { runJson } from "../../../src/cli/run-json.ts";
import { refusing, rig } from "./rig.ts";
import { waitingRun } from "./waiting-run.ts";

describe("diagbot run", () => {
  const words = ["run", "pg-pool-exhausted", "--system", "shop"];

  it("hands over what was typed and exits by what was found", async () => {
    const { say, asked } = rig();
    const { code, out, err } = await say(
      ...words,
      "--param",
      "idleMinutes=5",
      "--param",
      "note=a=b",
      "--dry-run",
    );
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toContain("run 42: Postgres connection pool exhausted");
    expect(asked.submit).toEqual([
      {
        system: "shop",
        runbook: "pg-pool-exhausted",
        params: { idleMinutes: "5", note: "a=b" },
        dryRun: true,
      },
    ]);
    expect(asked.closed).toBe(1);
  });

  it.each([
    [0, "succeeded", false],
    [1, "succeeded", true],
    [1, "failed", true],
    [2, "failed", false],
    [2, "errored", false],
    [2, "errored", true],
    [2, "cancelled", true],
    [1, "waiting", true],
  ] as const)("exits %i when the run is %s (findings: %s)", async (code, status, found) => {
    const view = waitingRun({ status, ...(found ? {} : { findings: [] }) });
    expect((await rig({ waitForRun: async () => view }).say(...words)).code).toBe(code);
  });

  it("prints one JSON document and nothing else with --json", async () => {
    const { out, err } = await rig().say(...words, "--json");
    expect(err).toBe("");
    expect(out.trimEnd()).not.toContain("\n");
    expect(Object.keys(JSON.parse(out))).toEqual(Object.keys(runJson(waitingRun())));
  });

  it("works the run itself where no worker is alive, and says so on stderr", async () => {
    const { say, asked } = rig({ hasWorker: async () => false });
    const { code, out, err } = await say(...words, "--json");
    expect({ code, inline: asked.inline }).toEqual({ code: 0, inline: [42] });
    expect(err).toContain("no worker is alive");
    expect(JSON.parse(out).status).toBe("succeeded");
  });

  it.each([[["--no-wait"]], [["--json"]], [[]]])(
    "says beside the answer that the queue is away (%s)",
    async (more) => {
      const { say } = rig({ queueTakes: async () => false });
      const { out, err } = await say(...words, ...more);
      expect(err).toContain("the run is stored and starts by itself as soon as it does");
      expect(out).toBe((await rig().say(...words, ...more)).out);
    },
  );

  it("returns at once with --no-wait", async () => {
    const { say } = rig({ waitForRun: () => new Promise(() => {}), hasWorker: () => new Promise(() => {}) });
    expect(await say(...words, "--no-wait")).toEqual({ code: 0, out: "run 42\n", err: "" });
    expect(JSON.parse((await say(...words, "--no-wait", "--json")).out)).toEqual({
      id: 42,
      status: "queued",
    });
  });

  it.each([
    [["run", "pg-pool-exausted", "--system", "shop"], 'did you mean "pg-pool-exhausted"?'],
    [["run", "pg-pool-exhausted", "--system", "shpo"], 'did you mean "shop"?'],
    [["run", "pg-pool-exhausted", "--system", "elsewhere"], "there is: shop"],
    [["run", "pg-pool-exhausted"], "--system"],
    [["run", "--system", "shop"], "runbook"],
    [[...words, "--param", "idle"], "name=value"],
    [[...words, "--param", "a=1", "--param", "a=2"], "given twice"],
    [[...words, "--wat"], "unknown option"],
    [["runn"], "Did you mean run"],
    [["status", "soon"], "not the number of a run"],
    [["status", "43"], "there is no run 43"],
    [[], "Usage"],
  ])("answers %j with usage", async (argv, says) => {
    const { say, asked } = rig();
    const { code, out, err } = await say(...argv);
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(err).toContain(says);
    expect(asked.submit).toEqual([]);
  });

  it("says refusals as JSON too", async () => {
    const { say } = rig({ submit: refusing("missing_connection", "needs redis", "add one") });
    const { code, out, err } = await say(...words, "--json");
    expect({ code, err }).toEqual({ code: 2, err: "" });
    expect(JSON.parse(out)).toEqual({
      error: { code: "missing_connection", message: "needs redis", hint: "add one" },
    });
    expect(await say(...words)).toEqual({
      code: 2,
      out: "",
      err: "missing_connection: needs redis\nadd one\n",
    });
  });

  it("exits 64 for a parameter that does not fit, 2 for a lost store", async () => {
    expect((await rig({ submit: refusing("bad_parameter", "x") }).say(...words)).code).toBe(64);
    expect((await rig({ submit: refusing("store_unavailable", "x") }).say(...words)).code).toBe(2);
    const bug = await rig({ submit: () => Promise.reject(new TypeError("oops")) }).say(...words);
    expect(bug.code).toBe(2);
    expect(bug.err).toContain("oops");
  });
});
