import { describe, expect, it } from "vitest";
import type { Tested } from "../../../src/cli/deps.ts";
import { rig } from "./rig.ts";

const tested = (...results: Tested["result"][]) => ({
  testRecordings: async () =>
    results.map((result, n) => ({
      file: `recordings/${n}.yaml`,
      result,
      lines: result === "same" ? [] : ["- a", "+ b"],
    })),
});

describe("diagbot record", () => {
  it("asks for a dry run, whoever asks, and says where the recording is", async () => {
    const { say, asked } = rig({}, "nobody");
    const { code, out } = await say(
      "record",
      "pg-pool-exhausted",
      "--system",
      "shop",
      "--param",
      "idleMinutes=5",
    );
    expect(code).toBe(0);
    expect(asked.submit).toEqual([
      { system: "shop", runbook: "pg-pool-exhausted", params: { idleMinutes: "5" }, dryRun: true },
    ]);
    expect(out).toContain("recordings/pg-pool-exhausted/healthy.yaml: nothing was found");
  });

  it("takes a file and words for its readers, and prints one JSON document", async () => {
    const { say, asked } = rig();
    const words = ["--out", "here.yaml", "--situation", "too many sessions", "--json"];
    const { out } = await say("record", "pg-pool-exhausted", "--system", "shop", ...words);
    expect(asked.records).toEqual([{ file: "here.yaml", situation: "too many sessions" }]);
    expect(JSON.parse(out)).toEqual({ run: 42, file: "here.yaml", findings: [] });
  });

  it("of a run that has been: what it saw, and nothing is asked for", async () => {
    const { say, asked } = rig();
    const { code, out } = await say("record", "#42", "--json");
    expect([code, JSON.parse(out).run, asked.submit]).toEqual([0, 42, []]);
    expect((await say("record", "42", "--system", "shop")).err).toContain("neither --system nor --param");
    expect((await say("record", "pg-pool-exhausted")).err).toContain("--system <system>");
    expect((await say("record", "7")).err).toContain("there is no run 7");
  });

  it("answers a wrong name like run does", async () => {
    expect((await rig().say("record", "pg-pool-exausted", "--system", "shop")).err).toContain("did you mean");
  });
});

describe("diagbot test", () => {
  it.each([
    [["same"], 0, "1 recording: 1 same"],
    [["same", "updated"], 0, "2 recordings: 1 same, 1 updated"],
    [["changed", "same"], 1, "2 recordings: 1 same, 1 changed; --update writes what is concluded now"],
    [["changed", "errored"], 2, "2 recordings: 1 changed, 1 errored; --update writes what is concluded now"],
  ] as const)("of %j exits %i", async (results, code, summary) => {
    const said = await rig(tested(...results)).say("test");
    expect(said.code).toBe(code);
    expect(said.out.trimEnd().split("\n").at(-1)).toBe(summary);
  });

  it("prints what changed", async () => {
    const { out } = await rig(tested("changed")).say("test");
    expect(out).toContain("changed: recordings/0.yaml\n  - a\n  + b\n");
  });

  it("hands on patterns and --update; --json is one document", async () => {
    const { say, asked } = rig();
    const { out } = await say("test", "pg-", "redis-*", "--update", "--json");
    expect(asked.tests).toEqual([{ patterns: ["pg-", "redis-*"], update: true }]);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      tested: [{ file: "recordings/a.yaml", result: "same", lines: [] }],
    });
  });
});
