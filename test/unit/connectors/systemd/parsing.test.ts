import { expect, it } from "vitest";
import { polkitOf, sudoersOf } from "../../../../src/connectors/systemd/check.ts";
import { fileOf } from "../../../../src/connectors/systemd/drop-in-file.ts";
import { keptOf } from "../../../../src/connectors/systemd/journal.ts";
import { entriesOf, newsOf } from "../../../../src/connectors/systemd/journal-entry.ts";
import { isMeant } from "../../../../src/connectors/systemd/names.ts";
import { SystemdSettings } from "../../../../src/connectors/systemd/settings.ts";
import { parseShow, spanOf } from "../../../../src/connectors/systemd/show.ts";
import { unitOf } from "../../../../src/connectors/systemd/unit-of.ts";
import { useOf } from "../../../../src/connectors/systemd/use.ts";

it.each([
  ["shop-*.timer", "shop-api.service", false],
  ["shop-*.service", "shop-api.service", true],
  ["*.timer", "shop.timer", true],
  ["worker@?.service", "worker@1.service", true],
  ["worker@?.service", "worker@12.service", false],
  ["a*b*c", "aXbXbYc", true],
  ["*", "", true],
])("%s means %s: %s", (pattern, name, is) => expect(isMeant([pattern], name)).toBe(is));

it("names get their ending, and none is an option or a path", () => {
  const units = (...all: string[]) => SystemdSettings.safeParse({ local: true, units: all });
  expect(units("api", "shop-*", "db.socket").data?.units).toEqual([
    "api.service",
    "shop-*.service",
    "db.socket",
  ]);
  for (const bad of ["--now", "../x", "a b", "a;b", ""]) expect(units(bad).success, bad).toBe(false);
});

const SHOWN = `Id=api.service
LoadState=loaded
ActiveState=failed
SubState=failed
Result=exit-code
ExecMainCode=1
ExecMainStatus=203
Description=a = b
ExecStartPre={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=1 ; code=exited ; status=0 }
ExecStartPre={ path=/bin/false ; argv[]=/bin/false --password=hunter2 ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=2 ; code=exited ; status=1 }
ExecStop={ path=/bin/no ; argv[]=/bin/no ; ignore_errors=yes ; start_time=[n/a] ; stop_time=[n/a] ; pid=2 ; code=exited ; status=1 }
InactiveExitTimestampMonotonic=100000000
ActiveEnterTimestampMonotonic=90000000
ActiveExitTimestampMonotonic=110000000
ExecMainExitTimestampMonotonic=110000001
ConditionResult=no
ConditionTimestampMonotonic=0
MemoryCurrent=[not set]
MemoryMax=infinity
TasksMax=18446744073709551615
LimitNOFILE=524288

Id=other.service
`;

it("a unit is read by its properties: what is not set, or has no limit, is null and not 0", () => {
  const [first] = parseShow(SHOWN);
  const unit = unitOf(first ?? new Map(), 200);
  expect(parseShow(SHOWN)).toHaveLength(2);
  expect(unit).toMatchObject({
    ...{ name: "api.service", description: "a = b", mainStatus: 203, startedAgo: 100, activeAgo: 110 },
    ...{ wasAsked: true, neverUp: true, memory: { now: null, max: null }, tasks: { now: null, max: null } },
    openFiles: { hard: 524_288, soft: null },
    // It was never checked: no condition that does not hold.
    conditionHolds: true,
    failedCommands: [{ of: "ExecStartPre", path: "/bin/false", ended: "exited", status: "1" }],
  });
  expect(JSON.stringify(unit)).not.toContain("hunter2");
});

it.each([
  ["1min 30s", 90],
  ["300ms", 0.3],
  ["2w 1d", 1_296_000],
  ["infinity", null],
  ["", null],
])("a time span: %s", (span, seconds) => expect(spanOf(new Map([["X", [span]]]), "X")).toBe(seconds));

it("lines that are no JSON are counted and hide no others (trap jq-nonjson); bytes that are no text are read", () => {
  const { entries, unread } = entriesOf(
    [
      '{"__REALTIME_TIMESTAMP":"1000000","MESSAGE":[104,105],"PRIORITY":"3","_SYSTEMD_UNIT":"a.service"}',
      "Traceback (most recent call last):",
      '{"__REALTIME_TIMESTAMP":"2000000","MESSAGE":"b was skipped because of an unmet condition check","UNIT":"b.service","MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf"}',
    ].join("\n"),
  );
  expect(unread).toBe(1);
  expect(entries.map(({ at, message, priority, unit }) => [at, message, priority, unit])).toEqual([
    [1, "hi", 3, "a.service"],
    [2, "b was skipped because of an unmet condition check", null, "b.service"],
  ]);
  // It bears the id of a start that happened.
  expect(entries.map(newsOf)).toEqual(["", "skipped"]);
});

it("what of the journal cannot be seen: no rights, none kept, or gone before the hours asked for", () => {
  const kept = (head: string, oldest: number | null) =>
    keptOf([head, oldest === null ? "" : `{"__REALTIME_TIMESTAMP":"${oldest * 1e6}"}`], 1).unseen.map(
      ({ what }) => what,
    );
  expect(kept("ops\n10000\nkept=/var/log/journal\nopen=\n", null)).toEqual([
    "the journal of other users and of the system",
  ]);
  expect(kept("ops\n10000\nkept=\nopen=\n", null)).toEqual(["the journal"]);
  expect(kept("ops\n10000\nkept=/run/log/journal\nopen=yes\n", 9_000)).toEqual([
    "the journal before 1970-01-01 02:30 UTC",
  ]);
  expect(kept("ops\n10000\nkept=/var/log/journal\nopen=yes\n", 5_000)).toEqual([]);
});

it("a drop-in sets MemoryMax, never MemoryLimit (trap memorylimit), and one value each", () => {
  const text = fileOf({
    ...{ unit: "a.service", key: "x", memoryMax: 1_048_576, tasksMax: 9, restart: false, invocation: "" },
    environment: { LOG_LEVEL: "debug" },
  });
  expect(text.split("\n").slice(1)).toEqual([
    "[Service]",
    "MemoryMax=1048576",
    "TasksMax=9",
    'Environment="LOG_LEVEL=debug"',
    "",
  ]);
});

it("use: memory of a group without a limit, and open files nobody may count, are null", () => {
  expect(useOf("a", 7, "100 9223372036854771712 0 0 -")).toMatchObject({
    memory: 100,
    memoryMax: null,
    openFiles: null,
  });
  expect(useOf("a", 7, "100 200 1 31 1024")).toMatchObject({
    memoryMax: 200,
    killed: 1,
    openFiles: 31,
    openFilesMax: 1024,
  });
});

it("doctor's lines allow these units and these verbs only", () => {
  const lines = sudoersOf("bot", ["worker@a:1.service"]);
  expect(lines[0]).toBe(
    "bot ALL=(root) NOPASSWD: /usr/bin/systemctl start --no-block -- worker@a\\:1.service",
  );
  expect(
    lines.every((line) => line.includes("worker@a\\:1.service") || line.endsWith("systemctl daemon-reload")),
  ).toBe(true);
  expect(polkitOf("bot", ["it's.service"]).join("")).toContain("it'\\''s.service");
});
