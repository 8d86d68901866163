import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { connectorPages, pageOf } from "../../../scripts/runbook-docs/connector-pages.ts";
import { symptomsPage } from "../../../scripts/runbook-docs/symptoms.ts";
import { kinds } from "../../../src/connectors/index.ts";

const spoken = kinds.filter(({ connector }) => connector !== undefined).map(({ name }) => name);
const docs = new URL("../../../docs/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, docs), "utf8");

describe("docs/connectors (stale? npm run docs)", () => {
  const pages = connectorPages();

  it.each([...pages])("%s is what the kind says", (name, text) => {
    expect(read(`connectors/${name}`)).toBe(text);
  });

  it.each(spoken)("%s: people have written the least it needs", (name) => {
    expect(read(`connectors/${name}.md`)).toMatch(/^## (Least privileges|Rights)/m);
  });

  it("say what every action takes and returns, under the name a runbook calls it by", () => {
    const page = pages.get("postgres.md") ?? "";
    expect(page).toContain(
      "\npostgres.idleSessions({ olderThanMinutes: number, application?: string })\n  → {\n    total: number,\n",
    );
    expect(page).toContain("\n    sessions: {\n      pid: number,\n");
    expect(page).toContain("postgres.blockedSessions({ waitingSeconds?: number = 1 })");
    for (const { name, connector } of kinds)
      for (const line of pages.get(`${name}.md`)?.matchAll(/^(.*)\n {2}→ /gm) ?? [])
        expect(line[1], `${connector?.actions.length} actions of ${name}`).not.toMatch(/undefined|\[object/);
  });

  it("what people wrote stays, what the kind says is made anew", () => {
    const kind = kinds.find(({ name }) => name === "redis");
    if (kind === undefined) throw new Error("no redis");
    const page = pageOf(kind, "# Redis\n\nMine.\n");
    expect(page).toMatch(/^# Redis\n\nMine\.\n/);
    expect(page).toContain("| `role` | `cache`, `queue`, `mixed` | `mixed` |");
    expect(page).toContain("| `url` | a URL: `redis://` or `rediss://` | required |");
    expect(pageOf(kind, page.replace("`mixed` |", "`old` |")), "and again").toBe(page);
  });
});

describe("docs/symptoms.md (stale? npm run docs)", () => {
  it("is what alerts, examples and recordings say", () => {
    expect(read("symptoms.md")).toBe(symptomsPage());
  });

  it("leads from an alert, from words and from a finding to what is typed", () => {
    const page = symptomsPage();
    expect(page).toContain("| `PostgresLocks` | [pg-locks](runbooks/pg-locks.md) |");
    expect(page).toMatch(
      /^\| 404 instead of the dashboard \| \[resync\].*`\/diag resync dashboard-page` \|$/m,
    );
    expect(page).toMatch(/\| \[redis-memory\]\(runbooks\/redis-memory\.md\) \| `/);
  });
});
