import { describe, expect, it } from "vitest";
import type { CliDeps } from "../../../src/cli/deps.ts";
import { RunId } from "../../../src/core/words/ids.ts";
import { rig } from "./rig.ts";
import { waitingRun } from "./waiting-run.ts";

const ASKED = {
  item: "shop.queue-stuck",
  title: "Queue stuck",
  system: "shop",
  offers: [
    { title: "Block", type: "/diag shop block-ip ip=<ip> minutes=5", why: "it needs to be told more" },
  ],
  gaps: [{ title: "Memory", why: "redis-memory needs a redis connection" }],
};
const begun: Partial<CliDeps> = {
  ask: async () => ({ title: "begun", sections: [], data: { ...ASKED, runs: [42, 43] } }),
  waitForRun: async (id) =>
    waitingRun(
      id === 42
        ? {}
        : {
            id: RunId.parse(43),
            runbook: "pg-locks",
            status: "succeeded",
            findings: [],
            steps: [],
            remedies: [],
          },
    ),
};

describe("diagbot guide", () => {
  it("shows what all runs came to, what was not begun as it is typed here, and each run", async () => {
    const { code, out } = await rig(begun).say("guide", "shop.queue-stuck");
    expect(code).toBe(1);
    expect(out).toMatch(/^Queue stuck \(shop\.queue-stuck\) on shop\n\nTOGETHER\n/);
    expect(out).toContain("(run 42 pg-pool-exhausted)");
    expect(out).toContain("nothing found by run 43 pg-locks");
    expect(out).toContain("diagbot run block-ip --system shop --param ip=<ip> --param minutes=5");
    expect(out).toContain("cannot be asked here: Memory");
    expect(out).toContain("run 43: ");
  });

  it("--json is one document with causes first", async () => {
    const { code, out } = await rig(begun).say("guide", "shop.queue-stuck", "--json");
    const said = JSON.parse(out);
    expect([code, said.fine]).toEqual([1, [43]]);
    expect(said.couldNotLook).toMatchObject([{ run: 42 }]);
    expect(said.found[0]).toMatchObject({ severity: "critical", runs: [42] });
    expect(said.runs.map(({ id }: { id: number }) => id)).toEqual([42, 43]);
    expect(said).toMatchObject(ASKED);
  });

  it("--no-wait gives the numbers at once; a list waits for nothing", async () => {
    const { out } = await rig(begun).say("guide", "shop.queue-stuck", "--no-wait", "--json");
    expect(JSON.parse(out).runs).toEqual([42, 43]);
    const listed = await rig().say("guide", "shop");
    expect([listed.code, listed.err]).toEqual([0, ""]);
    expect(listed.out).toContain("Newest runs");
  });

  it("an account nobody knows only looks, and is told so where something was begun", async () => {
    const asks: unknown[] = [];
    const { err } = await rig(
      {
        ...begun,
        ask: async (_command, _words, more) => {
          asks.push(more);
          return { title: "begun", sections: [], data: { ...ASKED, runs: [42] } };
        },
      },
      "eve",
    ).say("guide", "shop.queue-stuck");
    expect(asks).toEqual([{ dryRun: true }]);
    expect(err).toContain("dry run");
  });
});
