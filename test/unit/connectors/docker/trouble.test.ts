import { describe, expect, it } from "vitest";
import { dockerTrouble } from "../../../../src/connectors/docker/trouble.ts";

const ok = (value: unknown) => ({ ok: true as const, value });
const failed = (code: string, detail = "", message = `it said ${code}`) => ({
  ok: false as const,
  error: { code, message, detail } as { code: "timeout"; message: string; detail: string },
});
const engine = ok({ version: "28.0.0", api: "1.48", project: "shop" });
const list = ok({ project: "shop", total: 0, truncated: false, containers: [], strangers: [] });

describe("an engine that cannot be asked", () => {
  it.each([
    ["target_unreachable", "ENOENT", "There is no Docker socket where diagbot looks"],
    ["target_unreachable", "ECONNREFUSED", "The Docker engine is not running"],
    ["target_auth", "EACCES", "diagbot may not use the Docker engine's socket"],
    ["target_refused", "403", "A socket proxy refuses what diagbot asks"],
    ["timeout", "", "The Docker engine accepts connections but does not answer"],
    ["bad_output", "", "The Docker engine did not answer as it should"],
  ])("%s %s", (code, detail, title) => {
    const error = failed(code, detail);
    expect(dockerTrouble({ engine: error, list: error })).toMatchObject([
      {
        id: "engine-unreachable",
        severity: "critical",
        title,
        because: expect.stringContaining(`it said ${code}`),
      },
    ]);
  });

  it("speaks another version of its API", () => {
    const error = failed(
      "target_refused",
      "400",
      "client version 1.24 is too old. Minimum supported API version is 1.44",
    );
    expect(dockerTrouble({ engine: error })).toMatchObject([
      { title: expect.stringContaining("another version") },
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
