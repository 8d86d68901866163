import { describe, expect, it } from "vitest";
import { checkMessageBlocks, checkView } from "../../../local/slack/limits/check.ts";
import { needsFile } from "../../../src/core/rules/plan-lines.ts";
import { planFileSlot } from "../../../src/core/rules/slots.ts";
import { visible } from "../../../src/core/rules/visible.ts";
import { canonical } from "../../../src/core/words/json.ts";
import type { Plan } from "../../../src/core/words/plan.ts";
import { drawPlan } from "../../../src/ingress/slack/buttons/draw-looks.ts";
import { sha256 } from "../../../src/lib/sha256.ts";
import { mono } from "../../../src/slack/escape.ts";
import { drawThread } from "../../../src/thread/draw/thread.ts";
import type { WantedMessage } from "../../../src/thread/wanted.ts";
import { fc } from "../../helpers/property.ts";
import { NOW, PEOPLE, PLAN, remedy, run, thread } from "../../make/views.ts";

/** Characters that hide, reorder or break what stands beside them. */
const unseen = fc.constantFrom(
  ...["\u200b", "\u202e", "\u2066", "\u00ad", "\ufeff", "\u0000", "\u001b[8m", "\n", "\t", "\u00a0"],
  ...["\u2028", "\u3164", "\u2800", "\ufe0f", "\u{e0041}", "\ud800", "\u2062", "\u115f"],
);
const seen = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.constantFrom("/var/lib/old", "session 4711, idle", "é"),
);
const change = fc
  .array(fc.oneof({ weight: 3, arbitrary: seen }, { weight: 1, arbitrary: unseen }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join(""))
  .filter((words) => words !== "");
const longChange = fc
  .tuple(change, fc.integer({ min: 1, max: 60 }))
  .map(([words, times]) => words.repeat(times));
const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)));
const call = (most: number) =>
  fc.record({
    on: fc.constantFrom("postgres", "machine"),
    changes: fc.array(fc.oneof({ weight: 5, arbitrary: change }, { weight: 1, arbitrary: longChange }), {
      minLength: 1,
      maxLength: most,
    }),
    input: json,
    witness: json,
  });
const plans = fc
  .oneof(
    fc.array(call(3), { minLength: 1, maxLength: 3 }),
    fc.array(call(2), { minLength: 1, maxLength: 130 }),
    fc.array(call(300), { minLength: 1, maxLength: 2 }),
  )
  .map((calls): Plan => ({ ...PLAN, calls: calls.map((each) => ({ ...PLAN.calls[0]!, ...each })) as never }));

const textsIn = (value: unknown): string[] =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) =>
        key === "text" && typeof inner === "string" ? [inner] : textsIn(inner),
      );

function shownOf(plan: Plan, isUp: boolean) {
  const planSha256 = sha256(canonical(plan));
  const view = run({ status: "waiting", remedies: [remedy({ plan, planSha256 })] });
  const slot = planFileSlot(view.id, "terminateIdle", planSha256);
  const messages = drawThread(thread([view]), {
    now: NOW,
    people: PEOPLE,
    shown: (asked) => (isUp && asked === slot ? "sent" : undefined),
  });
  const card = messages.find((message) => message.slot.includes("/remedy/")) as WantedMessage;
  const file = messages.find((message) => message.slot === slot);
  const preview = drawPlan(view.remedies[0]!, view.id);
  return { card, file, preview, planSha256 };
}

/** As the approver must find it: the words, and the line they stand on in the file. */
const everyChange = (plan: Plan) =>
  plan.calls.flatMap(({ changes, on }, at) => {
    const isMixed = plan.calls.some((other) => other.on !== on);
    const before = `${plan.calls.length > 1 ? `${at + 1}. ` : ""}${isMixed ? `${on}: ` : ""}`;
    return changes.map((each) => ({ words: visible(each), line: `${before}${visible(each)}` }));
  });

describe("a plan that people decide on", () => {
  it("is seen whole: every change on the card, in Preview or in the file; Approve waits for the file", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { card, file, preview } = shownOf(plan, false);
        const content = typeof file?.file?.content === "string" ? file.file.content : "";
        const inFile = new Set(content.split("\n"));
        const onScreen = [...textsIn(card.blocks), ...textsIn(preview)].join("\n");
        const missing = everyChange(plan).filter(
          ({ line, words }) => !inFile.has(line) && !onScreen.includes(mono(words)),
        );
        expect(missing).toEqual([]);
        expect(file !== undefined).toBe(needsFile(plan));
        expect(JSON.stringify(card.blocks).includes("remedy:approve")).toBe(file === undefined);
        expect(JSON.stringify(shownOf(plan, true).card.blocks)).toContain("remedy:approve");
      }),
      { numRuns: 60 },
    );
  });

  it("hangs in the thread as the frozen JSON itself: its hash is the one that is approved", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { file, planSha256 } = shownOf(plan, false);
        if (file?.file === undefined || typeof file.file.content !== "string") return;
        const { content } = file.file;
        const frozen = JSON.parse(content.slice(content.indexOf("The frozen plan, whole:\n") + 24));
        expect(sha256(canonical(frozen))).toBe(planSha256);
        expect(content).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u);
      }),
      { numRuns: 60 },
    );
  });

  it("shows what is sent and what it was decided on whole in Preview, where there is no file", () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const { preview, file } = shownOf(plan, false);
        checkView({ type: "modal", title: { type: "plain_text", text: "x" }, blocks: preview });
        expect(preview.length).toBeLessThanOrEqual(98);
        const said = JSON.stringify(preview);
        if (file !== undefined) expect(said).toContain(file.file?.name);
        else expect(said).not.toContain("more is not shown");
      }),
      { numRuns: 60 },
    );
  });

  it("is drawn within Slack's limits", () => {
    fc.assert(
      fc.property(plans, (plan) => void checkMessageBlocks(shownOf(plan, true).card.blocks)),
      { numRuns: 60 },
    );
  });

  it("holds no secret that the frozen input or state has", () => {
    const call = { ...PLAN.calls[0]!, changes: Array(20).fill("x"), input: { password: "hunter2-secret" } };
    const view = run({ status: "waiting", remedies: [remedy({ plan: { ...PLAN, calls: [call] } })] });
    const redact = (text: string) => text.replaceAll("hunter2-secret", "[redacted]");
    const drawn = JSON.stringify(drawThread(thread([view]), { now: NOW, people: PEOPLE, redact }));
    expect(drawn).toContain("[redacted]");
    expect(drawn).not.toContain("hunter2");
  });

  it("says so where Slack takes no file", () => {
    const plan: Plan = { ...PLAN, calls: [{ ...PLAN.calls[0]!, changes: Array(120).fill("remove it") }] };
    const view = run({ status: "waiting", remedies: [remedy({ plan })] });
    const messages = drawThread(thread([view]), { now: NOW, people: PEOPLE, shown: () => "gone" });
    const said = JSON.stringify(messages);
    expect(said).toContain("did not take the file");
    expect(said).not.toContain("remedy:approve");
    expect(said).toContain("remedy:deny");
  });

  it("writes out what nobody would see", () => {
    expect(visible("rm a\u200b\u202eb\u001b[0m\n")).toBe("rm a\\u{200b}\\u{202e}b\\u{1b}[0m\\n");
    expect(visible(" x ")).toBe("\\u{20}x\\u{20}");
    expect(visible("plain é 🔥 words")).toBe("plain é 🔥 words");
    fc.assert(
      fc.property(change, (words) => {
        expect(mono(visible(words)).length).toBeGreaterThanOrEqual(visible(words).length);
      }),
    );
  });
});
