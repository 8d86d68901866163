import { describe, expect, it } from "vitest";
import type { AnySeen } from "../../../src/core/words/runbook.ts";
import { end, set, usage } from "./actions.ts";
import { adviceOf, book, context, errored, executable, half, seen, two } from "./bench.ts";

describe("a remedy of the machine", () => {
  const remedies = (more: { risk?: "low" | "destructive"; title?: string }) =>
    book
      .remedies({
        end: book.does(end, ["idle"], ({ idle: { pids } }) => pids.length > 0 && { pids }, more),
        set: book.does(set, ["usage?"], () => [{ limit: 1 }, { limit: 2 }], more),
      })
      .findings(() => []);

  it("takes title, risk, undo and time from its action", () => {
    const { end: ends, set: sets } = remedies({}).remedies;
    expect(ends).toMatchObject({
      ...{ title: "End sessions", risk: "high", undo: "none: clients connect again by themselves" },
      verify: { within: "45s" },
    });
    expect(sets).toMatchObject({
      ...{ title: "Set the limit", risk: "low", undo: "actions" },
      verify: { within: "30s" },
    });
  });

  it("may have a title of its own and a higher risk, never a lower one", () => {
    const lower = remedies({ title: "Mine", risk: "low" }).remedies;
    expect(lower.end).toMatchObject({ title: "Mine", risk: "high" });
    const higher = remedies({ risk: "destructive" }).remedies;
    expect([higher.end?.risk, higher.set?.risk]).toEqual(["destructive", "destructive"]);
  });

  it("makes one call, several or none; none without the values it needs", () => {
    const runbook = remedies({});
    const calls = (key: string, all: AnySeen) => executable(runbook, key).do(all, context());
    expect(calls("end", { idle: two })).toEqual([
      { action: "postgres.made-up-end", input: { pids: [1, 2] } },
    ]);
    expect(calls("end", { idle: seen({ pids: [] }) })).toEqual([]);
    expect(calls("end", { idle: errored })).toEqual([]);
    expect(calls("set", {}).map(({ input }) => input)).toEqual([{ limit: 1 }, { limit: 2 }]);
  });

  it("makes no call that its action does not take", () => {
    const wrong = book.remedies({ end: book.does(end, [], () => ({ pids: [] })) }).findings(() => []);
    expect(() => executable(wrong, "end").do({}, context())).toThrow();
  });

  it("asks the named steps again and judges them with what was approved and done", () => {
    const runbook = book
      .remedies({
        end: book.does(end, ["idle"], ({ idle: { pids } }) => ({ pids }), {
          recheck: ["usage"],
          holds: ({ usage: { ratio } }, done, now) =>
            ratio < now.params.ratio &&
            done.every(({ input: { pids }, output: { ended } }) => ended === pids.length),
        }),
      })
      .findings(() => []);
    const { verify } = executable(runbook, "end");
    expect(verify.check({}, context())).toEqual({ usage: usage() });
    const holds = (after: AnySeen, ended: number) =>
      verify.holds(after, [{ input: { pids: [1, 2] }, output: { ended } }], context());
    expect(holds({ usage: half }, 2)).toBe(true);
    expect(holds({ usage: half }, 1)).toBe(false);
    expect(holds({ usage: seen({ ratio: 0.9 }) }, 2)).toBe(false);
    expect(holds({ usage: errored }, 2)).toBe(false);
  });

  it("is judged by its action alone where it adds nothing", () => {
    const { verify } = executable(remedies({}), "end");
    expect(verify.check({ idle: two }, context())).toEqual({});
    expect(verify.holds({}, [], context())).toBe(true);
  });

  it("asks nothing again that nothing judges: it would pass for the finding's own question", () => {
    const runbook = book
      .remedies({ end: book.does(end, [], () => ({ pids: [1] }), { recheck: ["usage"] }) })
      .findings(() => []);
    const { verify } = executable(runbook, "end");
    expect(verify.check({}, context())).toEqual({});
    expect(verify.holds({}, [], context())).toBe(true);
  });
});

describe("advice", () => {
  const runbook = book
    .remedies({
      fixed: book.advises("Read", "low", "Read the log."),
      told: book.advises("Tell", "high", ({ usage: used, idle: rest }) => `${used?.ratio} ${rest?.pids}`),
    })
    .findings(() => []);

  it("has a title and a risk, and says what it can with the values there are", () => {
    expect(runbook.remedies.told).toMatchObject({ title: "Tell", risk: "high" });
    expect(adviceOf(runbook, "fixed", {})).toBe("Read the log.");
    expect(adviceOf(runbook, "told", { usage: errored, idle: two })).toBe("undefined 1,2");
  });
});
