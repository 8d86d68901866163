import { describe, expect, it } from "vitest";
import { combineHealth } from "../../../src/telemetry/health.ts";

const well = async () => ({ ok: true });

describe("health", () => {
  it.each([
    ["ok", { a: well, b: well }],
    ["degraded", { a: well, b: async () => ({ ok: false, detail: "no" }) }],
    ["down", { a: async () => ({ ok: false }) }],
    ["ok", {}],
  ])("is %s", async (status, parts) => {
    expect((await combineHealth(parts)).status).toBe(status);
  });

  it("waits for nobody longer than its limit, and takes a throw for an answer", async () => {
    const began = performance.now();
    const report = await combineHealth(
      {
        silent: () => new Promise(() => {}),
        rejects: () => Promise.reject(new Error("refused")),
        throws: () => {
          throw new Error("bug");
        },
        well,
      },
      60,
    );
    expect(performance.now() - began).toBeLessThan(30_000);
    expect(report).toEqual({
      status: "degraded",
      components: {
        silent: { ok: false, detail: "no answer within 60 ms" },
        rejects: { ok: false, detail: "refused" },
        throws: { ok: false, detail: "bug" },
        well: { ok: true },
      },
    });
  });
});
