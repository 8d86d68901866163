import { describe, expect, it } from "vitest";
import { type Evidence, facts, table } from "../../../src/core/words/evidence.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { fc } from "../../helpers/property.ts";
import { EXHAUSTED, incident, NOW, PEOPLE, run, step, thread } from "../../make/views.ts";
import { asText } from "./as-text.ts";

const draw = (...evidence: readonly Evidence[]) => {
  const view = run({ endedAt: NOW, findings: [{ ...EXHAUSTED, evidence: [...evidence] }] });
  const messages = drawThread(thread([view]), { now: NOW, people: PEOPLE });
  const file = messages.find(({ slot }) => slot.endsWith("/evidence"))?.file;
  return {
    text: asText(messages.filter(({ slot }) => slot.includes("/findings"))),
    file: typeof file?.content === "string" ? file.content : undefined,
  };
};

describe("evidence in a thread", () => {
  it("shows a table of one row as facts", () => {
    const { text, file } = draw(table(["setting", "value", "unit"], [["work_mem", "4096", ""]]));
    expect(text).toContain("setting:  work_mem\nvalue:    4096\n");
    expect(file).toBeUndefined();
  });

  it("says once what is the same in every row", () => {
    const { text, file } = draw(
      table(
        ["pid", "state", "age"],
        [
          ["1", "idle", "3 s"],
          ["2", "idle", "9 s"],
        ],
      ),
    );
    expect(text).toContain("*In every row: *state idle");
    expect(text).toMatch(/1 {2}3 s\n\s*2 {2}9 s\n/);
    expect(file).toBeUndefined();
  });

  it("keeps all rows and columns a click away where anything was cut", () => {
    const cell = fc.string({ minLength: 1, maxLength: 90, unit: fc.constantFrom("a", "b", "/", "7") });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }).chain((width) =>
          fc.tuple(
            fc.array(cell, { minLength: width, maxLength: width }),
            fc.array(fc.array(cell, { minLength: width, maxLength: width }), {
              minLength: 1,
              maxLength: 40,
            }),
          ),
        ),
        ([columns, rows]) => {
          const { text, file } = draw(table(columns, rows));
          const joined = text.replace(/\n */g, "");
          const isShown = (words: string) => joined.includes(words) || text.includes(words);
          const missing = rows.flat().filter((words) => !isShown(words));
          if (missing.length > 0) expect(text).toContain("All of it: run-42-evidence.txt");
          if (file !== undefined)
            for (const words of [...columns, ...rows.flat()]) expect(file).toContain(words);
          else expect(missing).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps long facts, long output and what is more than a message holds", () => {
    const many = facts(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`name ${i}`, `value ${i}`])));
    const code: Evidence = { kind: "code", title: "Log", text: `${"line\n".repeat(90)}the end` };
    const { text, file } = draw(many, code, ...Array.from({ length: 12 }, () => facts({ more: "piece" })));
    expect(text).toContain("Not shown here: 20 more lines. All of it: run-42-evidence.txt");
    expect(text).toContain("77 lines");
    expect(text).toContain("Not shown here: 6 more pieces");
    expect(file).toContain("name 39: value 39");
    expect(file?.match(/more: piece/g)).toHaveLength(6);
  });

  it("does not call a step that a finding rests on a check that could not be done", () => {
    const failed = step("usage", "connection usage", {
      state: "errored",
      error: { code: "target_unreachable", message: "connection refused", detail: "ECONNREFUSED" },
    });
    const draws = (steps: Parameters<typeof run>[0] & object) =>
      asText(
        drawThread(thread([run({ endedAt: NOW, findings: [EXHAUSTED], ...steps })]), {
          now: NOW,
          people: PEOPLE,
        }),
      );
    expect(draws({ steps: [{ ...failed, explained: true }, step("idle", "idle")] })).toContain(
      "; 1 failed, which is what was found",
    );
    expect(draws({ steps: [{ ...failed, explained: true }] })).not.toContain("could not be done");
    expect(draws({ steps: [failed] })).toContain("1 of 1 check could not be done");
  });

  it("shows what the alerts say of themselves: summary and descriptions", () => {
    const [first, ...others] = incident().alerts;
    const alerts = [
      { ...first!, annotations: { summary: "Too many connections", description: "97 % of db-1 for 5 min" } },
      ...others.map((alert) => ({ ...alert, annotations: { description: "97 % of db-2 for 5 min" } })),
    ];
    const text = asText(
      drawThread(thread([], { incident: incident({ alerts }) }), { now: NOW, people: PEOPLE }),
    );
    expect(text).toContain("Too many connections\n97 % of db-1 for 5 min\n97 % of db-2 for 5 min");
  });
});
