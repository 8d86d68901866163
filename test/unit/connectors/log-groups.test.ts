import { expect, it } from "vitest";
import { filesOf } from "../../../src/connectors/host/search-files.ts";
import { groupLines, isAsked, LogQuestion, templateOf } from "../../../src/connectors/log-groups.ts";
import { readLine } from "../../../src/connectors/log-line.ts";

it.each([
  ["user 17 not found in 3.5 ms", "user <n> not found in <n> ms"],
  ["GET 10.0.0.7:443 from a.b@c.example", "GET <ip> from <mail>"],
  ["id 0b5c6b0e-4d5f-4a5e-9d0e-0123456789ab at 0xDEADBEEF", "id <uuid> at <hex>"],
  ["key 'orders:7' and \"x y\" gone", "key <text> and <text> gone"],
  ["sha 3f2a9c0b7d1e4f5a deadbeefcafe face", "sha <hex> deadbeefcafe face"],
  ["it's here, isn't it", "it's here, isn't it"],
  ["first\n  at second", "first"],
])("%s", (line, template) => expect(templateOf(line)).toBe(template));

const line = (at: number | null, text: string) => readLine(text, at);
const ask = (more: Partial<LogQuestion> = {}) => LogQuestion.parse({ minutes: 1, ...more });

it("lines that differ by numbers are one kind; what is new, more frequent or older is told apart (trap log-raw-uniq)", () => {
  const lines = [
    line(5, "ERROR: too old 1"),
    line(30, "ERROR: conn 1 lost"),
    line(90, "ERROR: conn 2 lost"),
    line(100, "ERROR: conn 3 lost"),
    line(110, "ERROR: disk full"),
    line(111, "fine"),
  ];
  const found = groupLines(lines, ask({ level: "error" }), 130, true);
  expect(found).toMatchObject({ lines: 4, matched: 3, oldest: 30, comparable: true, broken: 0, undated: 0 });
  expect(
    found.groups.map(({ template, count, before, firstSeen, lastSeen }) => [
      template,
      count,
      before,
      firstSeen,
      lastSeen,
    ]),
  ).toEqual([
    ["conn <n> lost", 2, 1, 30, 100],
    ["disk full", 1, 0, 110, 110],
  ]);
});

it("a line without a time is as old as the one before it; without any nothing can be compared", () => {
  expect(groupLines([line(10, "a"), line(null, "b")], ask(), 130, true)).toMatchObject({
    lines: 0,
    undated: 0,
    comparable: true,
  });
  expect(groupLines([line(null, "b")], ask(), 130, true)).toMatchObject({
    lines: 1,
    undated: 1,
    comparable: false,
  });
});

it.each<readonly [string, Partial<LogQuestion>, boolean]>([
  ["a text, whatever the capitals", { pattern: "TIMED out" }, true],
  ["an expression is a text", { pattern: "timed.out" }, false],
  ["a level below", { level: "warning" }, true],
  ["a component", { component: "agent" }, true],
  ["another component", { component: "web" }, false],
  ["longer", { longerMs: 1_000 }, true],
  ["not longer", { longerMs: 1_500 }, false],
  ["a field", { fields: { user: "bob" } }, true],
  ["another value", { fields: { user: "bo" } }, false],
])("asked for by %s", (_what, question, is) => {
  const one = readLine(
    '{"level":"error","component":"AgentManager","message":"it timed out","duration_ms":1500,"user":"bob"}',
  );
  expect(isAsked(one, ask(question))).toBe(is);
});

it("files are read oldest first, traces belong to their line, and a text that looks like our own head is none", () => {
  const text = [
    "1767323045 +0200",
    "== read 40 /var/log/a.log",
    "2026-01-02 05:04:01 ERROR x",
    "  at y",
    "== read",
    "",
    "== read 9 /var/log/a.log.1",
    "old",
    "",
    "== quiet 0 /var/log/a.log.2",
    "== closed 0 /var/log/a.log.3",
  ].join("\n");
  const found = filesOf(text);
  expect(found.files.map(({ path, lines }) => [path, lines.map(({ message, at }) => [message, at])])).toEqual(
    [
      ["/var/log/a.log.1", [["old", null]]],
      [
        "/var/log/a.log",
        [
          ["x\n  at y", 1_767_323_041],
          ["== read", null],
        ],
      ],
    ],
  );
  expect([found.quiet, found.closed]).toEqual([["/var/log/a.log.2"], ["/var/log/a.log.3"]]);
});

it("a log that was written to all the time and not since is silent; one that had a job to do then is not", () => {
  const steady = Array.from({ length: 24 }, (_one, n) => line(10 + n * 2.5, "INFO: tick"));
  expect(groupLines(steady, ask(), 130, true)).toMatchObject({ lines: 0, silentSince: 67.5 });
  const job = steady.filter(({ at }) => (at ?? 0) < 40);
  expect(groupLines(job, ask(), 130, true).silentSince).toBeNull();
  expect(groupLines([...steady, line(120, "INFO: tick")], ask(), 130, true).silentSince).toBeNull();
});

it("lines that do not say how grave they are are counted", () => {
  expect(groupLines([line(120, "it broke"), line(121, "INFO: x")], ask(), 130, true).unlevelled).toBe(1);
});
