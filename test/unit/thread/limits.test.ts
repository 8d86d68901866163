import type { KnownBlock } from "@slack/types";
import { describe, expect, it } from "vitest";
import { checkMessageBlocks } from "../../../local/slack/limits/check.ts";
import { ApprovalId, PrincipalId } from "../../../src/core/words/ids.ts";
import { REMEDY_STATUSES, RUN_STATUSES } from "../../../src/core/words/outcome.ts";
import type { ThreadView } from "../../../src/core/words/view.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import { drawSvg } from "../../../src/thread/plot/svg.ts";
import { fc } from "../../helpers/property.ts";
import { approval, at, incident, NOW, PEOPLE, PLAN, remedy, run, step, thread } from "../../make/views.ts";
import { escalationOf } from "./hostile-escalation.ts";

/** Text as attackers and broken programs write it. */
const hostile = fc.oneof(
  fc.string({ maxLength: 60, unit: "binary" }),
  fc.string({ maxLength: 4_000 }),
  fc.constantFrom(
    "",
    " ",
    "<!channel> wake up",
    "<@U0EVIL> pays",
    "<#C0EVIL|general>",
    "<https://evil.example|Approve>",
    "<!date^0^{date}^https://evil.example|now>",
    "``` *bold* _it_ ~no~ `code` ```",
    ">>> quoted\n\n\n> more",
    "\u202etxt.exe \u0000\u001b[31mred\u001b[0m",
    ":tada: :rotating_light:",
    `${"x".repeat(30_000)}`,
    `${'"\\\n'.repeat(5_000)}`,
    "🔥".repeat(2_000),
    "<\u200b!here>",
    "<<!!channel>>",
    "\ud800 lone",
  ),
);
const few = <T>(item: fc.Arbitrary<T>, maxLength = 4) => fc.array(item, { maxLength });
const when = fc.integer({ min: -10_000, max: 10_000 }).map(at);
const maybe = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: undefined });

const evidence = fc.oneof(
  fc.record({ kind: fc.constant("text" as const), text: hostile }),
  fc.record({
    kind: fc.constant("facts" as const),
    facts: few(fc.record({ name: hostile, value: hostile }), 30),
  }),
  fc.record({
    kind: fc.constant("table" as const),
    title: hostile,
    columns: few(hostile, 12),
    rows: few(few(hostile, 12), 30),
  }),
  fc.record({ kind: fc.constant("code" as const), text: hostile }),
  fc.record({
    kind: fc.constant("series" as const),
    title: hostile,
    unit: fc.constantFrom("seconds", "ratio", "bytes", "count", "per second"),
    series: few(
      fc.record({
        name: hostile,
        points: few(fc.tuple(fc.double({ noNaN: true }), fc.option(fc.double({ noNaN: true }))), 6),
      }),
      12,
    ),
    threshold: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
);

const finding = fc.record({
  id: hostile,
  severity: fc.constantFrom("info", "warning", "critical"),
  title: hostile,
  because: hostile,
  evidence: few(evidence, 10),
  remedies: fc.constant(["terminateIdle"]),
});

const vote = fc.record({
  principal: fc.constantFrom("alice", "bob", "<@U0EVIL>").map((id) => PrincipalId.parse(id)),
  decision: fc.constantFrom("approve", "deny"),
  reason: hostile,
  at: when,
});

const remedies = fc.record({
  key: fc.stringMatching(/^[a-z]{1,12}$/),
  title: hostile,
  risk: fc.constantFrom("low", "high", "destructive"),
  status: fc.constantFrom(...REMEDY_STATUSES),
  advice: hostile,
  note: hostile,
  plan: maybe(
    few(hostile, 40).map((changes) => ({
      ...PLAN,
      undo: changes[0] ?? "actions",
      calls: [{ ...PLAN.calls[0]!, changes }],
    })),
  ),
  approval: fc
    .record({
      state: fc.constantFrom("pending", "approved", "denied", "expired", "void"),
      votes: few(vote, 12),
      voidBecause: few(hostile, 30),
      expiresAt: when,
    })
    .map((more) => approval({ ...more, id: ApprovalId.parse("ab".repeat(16)) } as never)),
  answers: few(
    fc.record({
      principal: fc.constant(PrincipalId.parse("bob")),
      answer: hostile,
      reason: hostile,
      at: when,
    }),
  ),
  held: maybe(fc.record({ until: when, ends: fc.constantFrom("undo", "keep") })),
  attempts: few(
    fc.record({
      step: hostile,
      epoch: fc.constant(1),
      worker: hostile,
      startedAt: when,
      deadline: when,
      outcome: fc.constant("unknown"),
      evidence: hostile,
    }),
    8,
  ),
});

const steps = few(
  fc
    .record({
      title: hostile,
      on: hostile,
      state: fc.constantFrom("ready", "executing", "succeeded", "errored"),
      error: maybe(fc.record({ code: hostile, message: hostile, detail: hostile })),
    })
    .map((more) => step(more.title, more.title, more as never)),
  14,
);

const runs = fc
  .record({
    title: hostile,
    system: hostile,
    runbook: hostile,
    status: fc.constantFrom(...RUN_STATUSES),
    diagnosed: fc.boolean(),
    caller: fc.record({ via: fc.constantFrom("slack", "alert", "cli", "schedule"), name: hostile }),
    cancelRequestedBy: hostile,
    error: fc.record({ code: fc.constant("bug"), message: hostile }),
    endedAt: when,
    steps,
    findings: few(finding, 25),
    remedies: fc.uniqueArray(remedies, { maxLength: 16, selector: ({ key }) => key }),
  })
  .map((more) => run(more as never));

const alerts = few(
  fc.record({
    labels: fc.dictionary(hostile, hostile, { maxKeys: 8 }),
    annotations: fc.constant({}),
    status: fc.constantFrom("firing", "resolved"),
    startsAt: when,
    generatorURL: hostile,
  }),
  20,
);

const views: fc.Arbitrary<ThreadView> = fc
  .record({
    runs: few(runs, 3),
    alerts,
    hasIncident: fc.boolean(),
    words: hostile,
    truncated: fc.nat(10_000),
    remarks: fc.array(hostile, { maxLength: 5 }),
    escalation: escalationOf(hostile, when),
  })
  .map(({ runs: of, alerts: shown, hasIncident, words, truncated, remarks, escalation }) =>
    thread(
      of.map((each, i) => ({ ...each, id: (i + 1) as never })),
      {
        notice: words,
        freeze: { by: words, reason: words, since: NOW },
        writes: [{ system: words, lastHour: 30, perHour: 30 }],
        ...(hasIncident
          ? {
              incident: incident({
                alerts: shown as never,
                title: words,
                severity: words,
                system: words,
                truncated,
                remarks,
                escalation,
              }),
            }
          : {}),
      },
    ),
  );

const draw = (view: ThreadView) =>
  drawThread(view, {
    now: NOW,
    people: PEOPLE,
    levels: () => ({ afterMs: 600_000, to: [{ webhook: "pager" }], bySeverity: true }),
  });

/** Every string a reader or Slack's parser gets to see. */
function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(strings) : [];
}

const OURS = /<!date\^-?\d+\^(\{time\}|\{date_short_pretty\} \{time\})\|[\d: UTCZ-]+>|<@U0(ALICE|BOB)>/g;

/** Controls but the line break, and what turns or hides text. */
const UNSEEN = /[^\P{Cc}\n]|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/u;

describe("any rows, however hostile", () => {
  it("render within Slack's limits", () => {
    fc.assert(
      fc.property(views, (view) => {
        const messages = draw(view);
        const slots = messages.map(({ slot }) => slot);
        expect(new Set(slots).size).toBe(slots.length);
        for (const { blocks, text, file, kind } of messages) {
          if (kind === "message") expect(blocks.length).toBeGreaterThan(0);
          checkMessageBlocks(blocks as KnownBlock[]);
          expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(12_000);
          expect(text.length).toBeLessThan(4_000);
          expect(text).not.toBe("");
          if (file !== undefined) expect(file.altText.length).toBeLessThanOrEqual(1_000);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never mention, link or date anything of their own", () => {
    fc.assert(
      fc.property(views, (view) => {
        for (const { blocks, text } of draw(view)) {
          const json = JSON.stringify({ blocks, text }).replaceAll(OURS, "");
          expect(json).not.toMatch(/<[!@#]|<https?|<mailto/i);
          for (const string of strings({ blocks, text })) expect(string).not.toMatch(UNSEEN);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("draw charts that are well-formed and hold no number that is none", () => {
    fc.assert(
      fc.property(evidence, (item) => {
        if (item.kind !== "series") return;
        const svg = drawSvg(item as never);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        expect(svg.replaceAll(/<\/?(svg|rect|text|path|circle)\b[^<>]*>/g, "")).not.toMatch(/[<>]/);
      }),
      { numRuns: 300 },
    );
  });
});

describe("remedies", () => {
  it("carry the approval's id in every button of a decision", () => {
    const [card] = draw(thread([run({ status: "waiting", remedies: [remedy()] })])).filter(({ slot }) =>
      slot.includes("/remedy/"),
    );
    const buttons = card!.blocks.flatMap((block) => (block.type === "actions" ? block.elements : []));
    expect(buttons.map((element) => element.type === "button" && [element.action_id, element.value])).toEqual(
      ["remedy:approve", "remedy:deny", "remedy:preview"].map((action) => [action, approval().id]),
    );
    expect(card!.urgent).toBe(true);
  });
});
