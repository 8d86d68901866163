import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runbooks } from "../../../runbooks/index.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { kinds } from "../../../src/connectors/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "diagbot-config-"));
});
afterAll(() => rmSync(cwd, { recursive: true }));

const load = (yaml: string) => {
  writeFileSync(join(cwd, "diagbot.yaml"), `systems: { shop: {} }\n${yaml}`);
  return loadConfig({ env: { DATABASE_URL: "postgres://diagbot:own-secret@db/diagbot" }, cwd, kinds });
};
const complaints = (yaml: string): string => {
  try {
    return load(yaml).fits(runbooks).complaints.join("\n");
  } catch (error) {
    if (error instanceof DiagError) return error.message;
    throw error;
  }
};
const GOOD = `checklists:
  - { id: triage, title: Triage, items: [Look, { text: Check the logs, runbook: logs-search }] }
`;

it("reads items as sentences or with a runbook, and a route names one", () => {
  const config = load(`${GOOD}routes: [{ match: ['severity="critical"'], checklist: triage }]\n`);
  expect(config.checklists).toEqual([
    {
      id: "triage",
      title: "Triage",
      items: [{ text: "Look" }, { text: "Check the logs", runbook: "logs-search" }],
    },
  ]);
  expect(config.routes[0]?.checklist).toBe("triage");
  expect(config.fits(runbooks).complaints).toEqual([]);
});

it.each([
  [`${GOOD}routes: [{ checklist: triag }]\n`, 'there is no checklist "triag"; did you mean "triage"?'],
  [`${GOOD}  - { id: triage, title: Again, items: [x] }\n`, '"triage" stands here twice'],
  [
    GOOD.replace("logs-search", "log-search"),
    'there is no runbook "log-search"; did you mean "logs-search"?',
  ],
  ["checklists: [{ id: a, title: A, items: [] }]\n", "items"],
  ["checklists: [{ id: a, title: A, items: [{ txt: x }] }]\n", "a sentence, or { text, runbook }"],
])("%s is answered with its place", (yaml, why) => {
  expect(complaints(yaml)).toMatch(/^diagbot\.yaml:\d+:\d+/);
  expect(complaints(yaml)).toContain(why);
});
