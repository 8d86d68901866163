import { describe, expect, it } from "vitest";
import { dockerTrouble } from "../../../../src/connectors/docker/trouble.ts";

const ok = (value: unknown) => ({ ok: true as const, value });
const failed = (code: string) => ({
  ok: false as const,
  error: { code, message: `it said ${code}` } as { code: "timeout"; message: string },
});
const engine = ok({ version: "28.0.0", api: "1.48", project: "shop" });
const list = ok({ project: "shop", total: 0, truncated: false, containers: [], strangers: [] });

describe("an engine that cannot be asked", () => {
  it.each([
    ["target_unreachable", "The Docker engine is not running"],
    ["target_auth", "diagbot may not use the Docker engine's socket"],
    ["timeout", "The Docker engine accepts connections but does not answer"],
    ["bad_output", "The Docker engine did not answer as it should"],
  ])("%s", (code, title) => {
    expect(dockerTrouble({ engine: failed(code), list: failed(code), events: failed(code) })).toMatchObject([
      { id: "engine-unreachable", severity: "critical", title, because: `it said ${code}` },
    ]);
  });

  it("says its version and no more: docker ps would hang, too", () => {
    expect(dockerTrouble({ engine, list: failed("timeout"), events: ok({ events: [] }) })).toMatchObject([
      { id: "engine-unreachable", remedy: { key: "reachEngine", risk: "high" } },
    ]);
  });

  it("has gone since its containers were listed", () => {
    const seen = { engine, list, logs: failed("target_unreachable") };
    expect(dockerTrouble(seen)).toMatchObject([{ title: "The Docker engine is not running" }]);
  });
});

it("a log or an event list that cannot be read is no trouble of the engine", () => {
  expect(dockerTrouble({ engine, list, events: failed("timeout"), logs: failed("target_error") })).toEqual(
    [],
  );
  expect(dockerTrouble({})).toEqual([]);
});
