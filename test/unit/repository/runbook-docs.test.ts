import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runbookPages } from "../../../scripts/runbook-docs/pages.ts";
import { readSource } from "../../../scripts/runbook-docs/sources.ts";

const folder = new URL("../../../docs/runbooks/", import.meta.url);

describe("docs/runbooks (stale? npm run docs)", () => {
  const pages = runbookPages();

  it("has a page for every runbook and no other", () => {
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  });

  it.each([...pages])("%s is what the runbook says", (name, text) => {
    expect(readFileSync(new URL(name, folder), "utf8")).toBe(text);
  });

  it("finds calls of later stages, remedies and helper files in the text", () => {
    const names = readSource("pg-pool-exhausted").actions.map(({ name }) => name);
    expect(names).toContain("postgres.connection-usage");
    expect(names).toContain("postgres.terminate-idle-sessions");
    expect(readSource("service-health").actions.map(({ name }) => name)).toContain("host.disk");
  });
});
