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

const POLICIES = `policies:
  low: { approvals: 1, from: [oncall] }
  high: { approvals: 1, from: [oncall] }
  destructive: { approvals: 1, from: [oncall] }
`;
const load = (auto: string, policies = POLICIES, more = "", people = "bob") => {
  const yaml = `people: { ${people}: { roles: [oncall] }, ann: { roles: [oncall] } }\n${policies}systems: { shop: { auto: { ${auto} }${more} } }\n`;
  writeFileSync(join(cwd, "diagbot.yaml"), yaml);
  return loadConfig({ env: { DATABASE_URL: "postgres://diagbot:own-secret@db/diagbot" }, cwd, kinds });
};
const complaints = (...file: Parameters<typeof load>): string => {
  try {
    return load(...file)
      .fits(runbooks)
      .complaints.join("\n");
  } catch (error) {
    if (error instanceof DiagError) return error.message;
    throw error;
  }
};
const RESTART = "container-failure.restart: { upTo: high }";

it("lets a restart go without a person, three times an hour after half a minute", () => {
  const config = load(RESTART);
  expect(config.systems[0]?.auto).toEqual({
    "container-failure.restart": { most: 3, within: 3_600_000, grace: 30_000, upTo: "high", changes: 1 },
  });
  expect(config.fits(runbooks).complaints).toEqual([]);
});

it.each([
  ["container-failure.restrat: {}", undefined, "", 'there is no remedy "container-failure.restrat"'],
  ["container-failure.restart: {}", undefined, "", "its risk is high, and `auto` allows low"],
  ["disk-full.removeOldFiles: { upTo: high }", undefined, "", "its risk is destructive"],
  ["pg-pool-exhausted.terminateIdle: { upTo: high }", undefined, "", "it cannot be taken back"],
  ["container-failure.raiseMemory: { upTo: high }", undefined, "", "is advice"],
  [
    RESTART,
    "policies: { high: { approvals: 2, from: [oncall] } }\n",
    "",
    "container-failure.restart cannot be applied without a person: it needs 2 people",
  ],
  [RESTART, "policies: {}\n", "", "no policy allows a high-risk remedy"],
  [
    RESTART,
    undefined,
    ", remedies: { container-failure.restart: { disable: true } }",
    "is disabled for shop",
  ],
  [
    RESTART,
    undefined,
    ", remedies: { container-failure.restart: { risk: destructive } }",
    "its risk is destructive",
  ],
])("%s (%s%s) is answered with its place", (auto, policies, more, why) => {
  const said = complaints(auto, policies, more);
  expect(said).toMatch(/^diagbot\.yaml:\d+:\d+/);
  expect(said).toContain(why);
});

it("nobody is called as the policy is", () => {
  expect(complaints(RESTART, undefined, "", "policy auto")).toContain("give the person another name");
});
