import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type GuideKnown, itemsOn, MOST_BEGUN, planOf } from "../../../src/core/rules/guide-items.ts";
import { Checklist } from "../../../src/core/words/checklist.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { makeSystem } from "../../make/system.ts";
import { bookOf, none } from "../ingress/fixtures.ts";

const ITEM = "shop.queue-stuck";
const shop = makeSystem("shop", { connections: { db: { kind: "postgres", url: "postgres://db/app" } } });
const covering = (id: string, more: Partial<Parameters<typeof bookOf>[0]> = {}): Runbook =>
  bookOf({ id, params: none, covers: [ITEM], ...more });
/** As compileCommand makes a write: proposed, never asked for by an alert. */
const writing = (id: string): Runbook => ({
  ...covering(id),
  forPeople: true,
  remedies: { do: { title: "Do it", risk: "low", do: () => [], undo: "actions" } as never },
});
const known = (runbooks: readonly Runbook[], more: Partial<GuideKnown> = {}): GuideKnown => ({
  runbooks,
  ...more,
});
const idsOf = (books: readonly Runbook[]) => books.map(({ id }) => id);

describe("a guide item on a system", () => {
  it("begins what only looks, the health of the whole first, and offers the rest with what to type", () => {
    const { begin, offers, gaps } = planOf(
      known(
        [
          covering("pg-locks", { needs: ["postgres"] }),
          covering("block-ip", { params: z.object({ ip: z.string(), minutes: z.int().default(5) }) }),
          writing("flush-queue"),
          covering("redis-memory", { needs: ["redis"] }),
          covering("service-health"),
          bookOf({ id: "other", params: none, covers: ["shop.other"] }),
        ],
        { checklists: [Checklist.parse({ id: "triage", title: "Triage", items: ["Look"], covers: [ITEM] })] },
      ),
      shop,
      ITEM,
    );
    expect(idsOf(begin)).toEqual(["service-health", "pg-locks"]);
    expect(offers).toEqual([
      { title: "block-ip", type: "/diag shop block-ip ip=<ip>", why: "it needs to be told more" },
      {
        title: "flush-queue",
        type: "/diag shop flush-queue",
        why: "it changes something: it is asked for by itself",
      },
      {
        title: "Triage",
        type: "/diag checklist triage <incident>",
        why: "a checklist belongs to an incident",
      },
    ]);
    expect(gaps).toEqual([{ title: "redis-memory", why: "redis-memory needs a redis connection" }]);
  });

  it("begins a bounded number and offers what is left", () => {
    const { begin, offers } = planOf(
      known(Array.from({ length: MOST_BEGUN + 3 }, (_, at) => covering(`book-${at}`))),
      shop,
      ITEM,
    );
    expect(begin).toHaveLength(MOST_BEGUN);
    expect(offers.map(({ type }) => type)).toEqual([8, 9, 10].map((at) => `/diag shop book-${at}`));
  });

  it("says what is disabled or for other systems instead of leaving it out", () => {
    const quiet = makeSystem("shop", { runbooks: { disable: ["pg-locks"] } });
    const { begin, gaps } = planOf(
      known([covering("pg-locks"), { ...covering("of-mail"), only: { systems: ["mail"] } }]),
      quiet,
      ITEM,
    );
    expect(begin).toEqual([]);
    expect(gaps.map(({ why }) => why)).toEqual([
      "pg-locks is disabled for shop",
      "of-mail: it is for mail only",
    ]);
  });

  it("a schedule of this system makes its runbook a part, one of another system does not", () => {
    const plain = bookOf({ id: "nightly", params: none });
    const schedules = [{ system: "shop", runbook: "nightly", covers: [ITEM] }];
    expect(idsOf(planOf(known([plain], { schedules }), shop, ITEM).begin)).toEqual(["nightly"]);
    expect(planOf(known([plain], { schedules }), makeSystem("mail"), ITEM).begin).toEqual([]);
  });
});

describe("the items known for a system", () => {
  const books = [
    covering("a"),
    bookOf({ id: "b", params: none, covers: [ITEM, "shop.slow", "mail.slow"] }),
    bookOf({ id: "c", params: none, covers: ["shop.cache"], needs: ["redis"] }),
  ];

  it("are those of its own guide that something there can treat, with titles and parts; the others stand apart", () => {
    const { own, others } = itemsOn(known(books, { guideItems: { [ITEM]: "The queue is stuck" } }), shop);
    expect(own).toEqual([
      { id: ITEM, title: "The queue is stuck", parts: 2 },
      { id: "shop.slow", title: "slow", parts: 1 },
    ]);
    expect(others.map(({ id }) => id)).toEqual(["mail.slow"]);
  });
});
