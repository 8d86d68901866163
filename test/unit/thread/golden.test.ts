import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { approval, EXHAUSTED, NOW, PEOPLE, remedy, run, thread } from "../../make/views.ts";
import { asText } from "./as-text.ts";
import { GUIDE } from "./golden-guide.ts";
import { INCIDENTS } from "./golden-incidents.ts";
import { ELSEWHERE, NEXT } from "./golden-next.ts";
import { RUNS } from "./golden-runs.ts";
import { SAME_ACT } from "./golden-same-act.ts";
import { STORMS } from "./golden-storms.ts";

const FOLDER = new URL("../../fixtures/golden/thread/", import.meta.url);

/** The situations people meet; each is a file under test/fixtures/golden/thread (UPDATE_GOLDEN=1 rewrites them). */
const CASES = { ...RUNS, ...INCIDENTS, ...STORMS, ...GUIDE, ...NEXT, ...SAME_ACT };

const LEVELS = {
  afterMs: 600_000,
  to: [{ usergroup: "S0ONCALL" }, { webhook: "pager" }, { user: "U0BOB" }],
  bySeverity: true,
};

const WORKSPACE = { workspace: "https://acme.slack.com/" };

describe("what people read", () => {
  for (const [name, view] of Object.entries(CASES)) {
    it(name, () => {
      const file = new URL(`${name}.txt`, FOLDER);
      const drawn = {
        now: NOW,
        people: PEOPLE,
        levels: () => LEVELS,
        ...(name in SAME_ACT ? WORKSPACE : {}),
      };
      const elsewhere = () => (name in NEXT ? ELSEWHERE : []);
      const said = asText(drawThread(view, { ...drawn, elsewhere }));
      if (process.env.UPDATE_GOLDEN === "1") {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(file, said);
      }
      expect(said).toBe(readFileSync(file, "utf8"));
    });
  }

  it("draws the same rows to the same messages", () => {
    for (const view of Object.values(CASES)) {
      const options = { now: NOW, people: PEOPLE };
      expect(drawThread(view, options)).toEqual(drawThread(structuredClone(view), options));
    }
  });

  it("shows buttons only while a click would count", () => {
    const late = thread([
      run({
        status: "waiting",
        findings: [EXHAUSTED],
        remedies: [remedy({ approval: approval({ expiresAt: NOW }) })],
      }),
    ]);
    const json = JSON.stringify(drawThread(late, { now: NOW, people: PEOPLE }));
    expect(json).not.toContain("remedy:approve");
    expect(
      JSON.stringify(drawThread(CASES["waiting-for-approval"]!, { now: NOW, people: PEOPLE })),
    ).toContain("remedy:approve");
  });
});
