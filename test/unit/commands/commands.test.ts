import { describe, expect, it } from "vitest";
import { commands } from "../../../commands/index.ts";
import { DiagError } from "../../../src/core/words/errors.ts";
import { parse } from "../../../src/ingress/parse.ts";
import { fc } from "../../helpers/property.ts";

const caller = { via: "slack" as const, name: "U0ALICE" };
const understand = (text: string) => parse(commands, text, caller);

describe("what is typed after /diag", () => {
  it.each([
    ["", { do: "form" }],
    ["  \u00a0 ", { do: "form" }],
    ["orders", { do: "run", system: "orders", runbook: "service-health", params: {} }],
    ["run list", { do: "run", system: "list", runbook: "service-health", params: {} }],
    ["orders disk-full", { do: "run", system: "orders", runbook: "disk-full", params: {} }],
    ["orders a=1", { do: "run", system: "orders", runbook: "service-health", params: { a: "1" } }],
    [
      'orders r path="/var/log dir" q="say \\"hi\\"" for=45m',
      {
        do: "run",
        system: "orders",
        runbook: "r",
        params: { path: "/var/log dir", q: 'say "hi"', for: "45m" },
      },
    ],
    [
      "orders r note=“from a phone”",
      { do: "run", system: "orders", runbook: "r", params: { note: "from a phone" } },
    ],
    ["orders r note=don't", { do: "run", system: "orders", runbook: "r", params: { note: "don't" } }],
    ["orders r q=a=b", { do: "run", system: "orders", runbook: "r", params: { q: "a=b" } }],
    ["orders r q=", { do: "run", system: "orders", runbook: "r", params: { q: "" } }],
    // The door knows the runbooks and says what may be meant.
    ["shop is slow", { do: "run", system: "shop", runbook: "is slow", params: {} }],
    ["shop a=1 disk-full", { do: "run", system: "shop", runbook: "disk-full", params: { a: "1" } }],
    ["help", { do: "help" }],
    ["HELP cancel", { do: "help", topic: "cancel" }],
    ["list", { do: "list" }],
    ["list orders", { do: "list", system: "orders" }],
    ["status", { do: "status" }],
    ["status #42", { do: "status", run: 42 }],
    ["history orders", { do: "history", system: "orders" }],
    ["changes orders", { do: "changes", system: "orders" }],
    ["cancel 42", { do: "cancel", run: 42 }],
    ["cancel 42 all", { do: "cancel", run: 42, all: true }],
    ["guide", { do: "guide", words: [] }],
    ["guide shop.queue-stuck shop", { do: "guide", words: ["shop.queue-stuck", "shop"] }],
    ["open #12", { do: "open", incident: 12 }],
    ["storm", { do: "storm", words: [] }],
    ["storm shop zone=eu-1", { do: "storm", words: ["shop", "zone=eu-1"] }],
    ["close 12", { do: "close", incident: 12, reason: "" }],
    [
      "close #12 silenced for the migration",
      { do: "close", incident: 12, reason: "silenced for the migration" },
    ],
    [
      "close <https://acme.slack.com/archives/C0OPS/p1790000000000100?thread_ts=1.2&cid=C0OPS> over",
      { do: "close", message: { channel: "C0OPS", ts: "1790000000.000100" }, reason: "over" },
    ],
    ["freeze", { do: "freeze", reason: "no reason given" }],
    ["freeze 2h release under way", { do: "freeze", forMs: 7_200_000, reason: "release under way" }],
    ["freeze because I say so", { do: "freeze", reason: "because I say so" }],
    ["freeze 1h30m release", { do: "freeze", forMs: 5_400_000, reason: "release" }],
    ["freeze for 2h", { do: "freeze", forMs: 7_200_000, reason: "no reason given" }],
    ["freeze 2hours release", { do: "freeze", forMs: 7_200_000, reason: "release" }],
    ["freeze for 2 hours, release", { do: "freeze", forMs: 7_200_000, reason: "release" }],
    ["freeze 1 hour 30 min", { do: "freeze", forMs: 5_400_000, reason: "no reason given" }],
    ["freeze 2H", { do: "freeze", forMs: 7_200_000, reason: "no reason given" }],
    ["freeze release 2026.11 of 3 teams", { do: "freeze", reason: "release 2026.11 of 3 teams" }],
    ["unfreeze", { do: "unfreeze", sure: false }],
    ["unfreeze yes", { do: "unfreeze", sure: true }],
    ["maintenance", { do: "freezes" }],
    [
      "maintenance shop 2h upgrade",
      { do: "freeze", system: "shop", quiet: true, forMs: 7_200_000, reason: "upgrade" },
    ],
    ["maintenance end shop", { do: "unfreeze", sure: true, system: "shop" }],
    ["auto", { do: "auto" }],
    ["auto shop", { do: "auto", system: "shop" }],
    ["auto off shop release 7", { do: "set-auto", system: "shop", on: false, reason: "release 7" }],
    ["auto on shop", { do: "set-auto", system: "shop", on: true, reason: "no reason given" }],
    ["auto stop #42", { do: "stop-auto", run: 42 }],
    ["pending", { do: "pending" }],
    ["pending orders", { do: "pending", system: "orders" }],
  ])("%j", (text, intent) => {
    expect(understand(text)).toEqual(intent);
  });

  it.each([
    ["form now", /takes no words/],
    ["cancel 42 everything", /number of one run/],
    ["guide shop.queue-stuck a=1", /takes no parameters/],
    ["a=b", /expected a system/],
    ["orders r a=1 a=2", /given twice/],
    ["orders r =1", /expected key=value/],
    ['orders r a="b', /not closed/],
    ["run", /which system/],
    ["status one", /number of a run/],
    ["status 0", /number of a run/],
    ["status 99999999999", /number of a run/],
    ["status 1 2", /one run at most/],
    ["cancel", /number of one run/],
    ["close", /number of an incident/],
    ["open", /number of an incident/],
    ["open 12 now", /number of an incident/],
    ["close DiskFull", /number of an incident/],
    ["cancel 1e3", /number of a run/],
    ["history", /one system/],
    ["changes", /one system/],
    ["list a b", /one system/],
    ["help a b", /one topic/],
    ["unfreeze now", /no words/],
    ["maintenance shop upgrade", /how long/],
    ["maintenance end", /one system/],
    ["auto on", /needs a system/],
    ["auto stop", /number of one run/],
    ["auto shop lab", /one system/],
    ["pending a b", /one system/],
    ["freeze 99d x", /30d/],
    ["freeze 30", /how long\?/],
    ["freeze 30 release", /how long\?/],
    ["freeze 30m1h release", /how long\?/],
    ["freeze for the release", /how long\?/],
    ["freeze until 17:00", /how long\?/],
    ["freeze release for 2h", /how long\?/],
    ["freeze release 90 min", /how long\?/],
    ["freeze 1h30", /how long\?/],
    [`${"x ".repeat(65)}`, /more than 64 words/],
    ["x".repeat(4_001), /more than 4000 characters/],
  ])("explains %j", (text, words) => {
    expect(() => understand(text)).toThrow(words);
    expect(() => understand(text)).toThrow(DiagError);
  });

  it("anything typed is an intent or a user error with a sentence", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.stringMatching(/^[a-z"=“” \\]*$/)),
        (text) => {
          try {
            expect(understand(text).do).toBeTypeOf("string");
          } catch (error) {
            expect(error).toBeInstanceOf(DiagError);
            expect((error as DiagError).code).toBe("usage");
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("a quoted value comes through unchanged", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (value) => {
        const quoted = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
        expect(understand(`orders r key="${quoted}"`)).toMatchObject({ params: { key: value } });
      }),
    );
  });

  it("hostile names stay plain data", () => {
    expect(() => understand("orders r __proto__=1")).toThrow(/expected key=value/);
    const intent = understand("orders r constructor=1 toString=2");
    expect(intent).toEqual({
      do: "run",
      system: "orders",
      runbook: "r",
      params: Object.fromEntries([
        ["constructor", "1"],
        ["toString", "2"],
      ]),
    });
  });
});

it("every command has a name of its own and says what it does", () => {
  expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  for (const { summary } of commands) expect(summary.length).toBeGreaterThan(10);
});

describe("a system named first", () => {
  const known = { systems: ["shop"], alerting: [] };
  it.each([
    ["freeze shop", { do: "freeze", system: "shop", reason: "no reason given" }],
    ["freeze shop 2h release", { do: "freeze", system: "shop", forMs: 7_200_000, reason: "release" }],
    // Not a system of diagbot.yaml: everything is frozen.
    ["freeze shops burn", { do: "freeze", reason: "shops burn" }],
    ["unfreeze shop", { do: "unfreeze", sure: false, system: "shop" }],
    ["unfreeze shop yes", { do: "unfreeze", sure: true, system: "shop" }],
  ])("%s", (text, intent) => {
    expect(parse(commands, text, caller, known)).toEqual(intent);
  });
});
