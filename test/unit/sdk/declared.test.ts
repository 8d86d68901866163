import { expect, it } from "vitest";
import { withDeclared } from "../../../src/app/commands.ts";
import { commandShape } from "../../../src/core/words/command.ts";
import type { RunContext } from "../../../src/core/words/runbook.ts";
import { book, context, errored, executable, finding, seen, two } from "./bench.ts";

const RUN = "scripts.end-sessions";
const command = commandShape({}).parse({
  title: "End sessions",
  effect: "write",
  risk: "high",
  probe: { ask: "sessions", when: { n: { equals: 0 } } },
  undo: { none: "clients connect again" },
});
const offers = (declared: string) => (run: string) =>
  run === RUN ? { kind: "exec", command, declared } : undefined;

const written = (run: `${string}.${string}` = RUN) =>
  book
    .remedies({ end: book.runs(run, ["idle"], ({ idle: { pids } }) => pids.map((pid) => ({ pid }))) })
    .findings((find) => [
      find(["idle"], ({ idle: { pids } }) => pids.length > 0 && { ...finding, remedies: ["end"] }),
    ]);
const bound = executable(withDeclared(written(), offers("d1")).runbook, "end");

/** A run on a system whose connection `scripts` declares these. */
const on = (...commands: string[]): RunContext => {
  const made = context();
  const face = { name: "scripts", kind: "exec", about: { commands } };
  return { ...made, system: { ...made.system, connections: [face] } };
};
const call = (pid: number) => ({
  ...{ action: "exec.run", on: "scripts" },
  input: { command: "end-sessions", params: { pid }, declared: "d1" },
});

it("a declared write is offered with the words, the risk and the undo of its declaration", () => {
  expect(bound).toMatchObject({ title: "End sessions", risk: "high", undo: "none: clients connect again" });
  expect(bound.do({ idle: two }, on("end-sessions"))).toEqual([call(1), call(2)]);
});

it("it is not offered on a system that does not declare it, nor without the values it needs", () => {
  expect(bound.do({ idle: two }, on("sessions"))).toEqual([]);
  expect(bound.do({ idle: two }, context())).toEqual([]);
  expect(bound.do({ idle: errored }, on("end-sessions"))).toEqual([]);
});

it("it has helped where its steps, asked again, would not have it once more", () => {
  const asked = bound.verify.check({ idle: two }, on("end-sessions"));
  expect(Object.keys(asked)).toEqual(["idle"]);
  const done = [{ input: call(1).input, output: {} }];
  const holds = (after: object) => bound.verify.holds(after as never, done, on("end-sessions"));
  expect(holds({ idle: two })).toBe(false);
  expect(holds({ idle: errored }), "what could not be looked at proves nothing").toBe(false);
  expect(holds({ idle: seen({ pids: [2] }) })).toBe(true);
});

it("of many ten are made at once, and one that is still there has not been helped, wherever it stands then", () => {
  const pids = Array.from({ length: 15 }, (_one, n) => n + 1);
  const calls = bound.do({ idle: seen({ pids }) }, on("end-sessions"));
  expect(calls).toHaveLength(10);
  const done = calls.map(({ input }) => ({ input, output: {} }));
  const holds = (left: readonly number[]) =>
    bound.verify.holds({ idle: seen({ pids: left }) }, done, on("end-sessions"));
  expect(holds(pids.toReversed())).toBe(false);
  expect(holds([15, 14, 13, 12, 11, 30, 31, 32, 33, 34, 35, 1])).toBe(false);
  expect(holds([11, 12, 13, 14, 15])).toBe(true);
});

it("a declaration that reads differently makes another text of the runbook", () => {
  const digest = (declared: string) => withDeclared(written(), offers(declared)).runbook.digest;
  expect(new Set([written().digest, digest("d1"), digest("d2")]).size).toBe(3);
  expect(digest("d1")).toBe(digest("d1"));
});

it("what nothing declares is advice that says what to do", () => {
  const { runbook, missing } = withDeclared(written("scripts.end-all"), offers("d1"));
  expect(missing).toEqual(["scripts.end-all"]);
  expect(runbook.remedies.end?.advice).toMatch(/No connection here declares the command scripts\.end-all/);
});
