import { type Mutant, remove } from "./mutant.ts";

const DELIVERY = "test/integration/thread/delivery.test.ts";
const ORDER = "test/unit/thread/order.test.ts";
const FOLDING = "test/integration/thread/folding.test.ts";
const SHOWN = "test/unit/thread/plan-shown.test.ts";

const turns = (what: string, find: string, test: string): Mutant => ({
  guard: `order of posts: ${what}`,
  removals: [remove("src/thread/send/order.ts", find, "if (false)")],
  file: ORDER,
  test,
});

/** What reaches people in Slack: where, in which order, and that they see what they decide on. */
export const DELIVERY_MUTANTS: readonly Mutant[] = [
  {
    guard: "a place is settled before anything is sent",
    removals: [remove("src/thread/send/place.ts", 'if (here === "fine") return "on";', 'return "on";')],
    file: DELIVERY,
    test: "is never posted to once it is shared",
  },
  {
    guard: "channels shared with other organisations",
    removals: [
      remove(
        "src/core/rules/channel.ts",
        'if (facts.is_ext_shared === true || facts.is_pending_ext_shared === true) return "shared";',
        "",
      ),
    ],
    file: DELIVERY,
    test: "is never posted to once it is shared",
  },
  {
    guard: "the fallback takes what a channel does not",
    removals: [remove("src/core/rules/channel.ts", "[thread.meantFor, fallback]", "[thread.meantFor]")],
    file: "test/unit/core/channel.test.ts",
    test: "goes to the fallback",
  },
  turns("who asked comes first", "if (byClass !== 0)", "answers to people, then critical alerts"),
  turns("fresh before old", "if (old !== isOld(b.since, now))", "a live alert before 300 ended runs"),
  turns("roots before cards before the rest", "if (byStep !== 0)", "all alerts are named before"),
  {
    guard: "the end is said last",
    removals: [remove("src/thread/send/difference.ts", "isSaid(each, doubts) ? each :", "true ? each :")],
    file: "test/unit/thread/send.test.ts",
    test: "says that it is over when everything else shows how it ended",
  },
  {
    guard: "a post that may be there is looked for",
    removals: [remove("src/thread/send/difference.ts", "doubts.isAbsent(shown) ?", "true ?")],
    file: "test/unit/thread/send.test.ts",
    test: "looks before it posts again",
  },
  {
    guard: "Approve waits for the file, on the card",
    removals: [remove("src/thread/draw/plan-file.ts", 'state === "sent" ? "up"', 'true ? "up"')],
    file: SHOWN,
    test: "is seen whole",
  },
  {
    guard: "Approve waits for the file, at the vote",
    removals: [remove("src/store/human/vote-shown.ts", "!needsFile(JSON.parse(plan) as Plan)", "true")],
    file: "test/integration/ingress/slack-buttons.test.ts",
    test: "keeps with the vote what was shown",
  },
  {
    guard: "storm: what is folded is not posted by itself",
    removals: [
      remove("src/store/thread/messages.ts", " AND (storm_id IS NULL OR unfolded_at IS NOT NULL)", ""),
    ],
    file: FOLDING,
    test: "a folded thread is not posted",
  },
  {
    guard: "storm: what is posted is not folded",
    removals: [
      remove(
        "src/store/thread/storms.ts",
        "AND NOT EXISTS (SELECT FROM slack_message WHERE thread_id = thread.id AND slot = '${HEAD_SLOT}')",
        "",
      ),
    ],
    file: FOLDING,
    test: "what is posted already is not folded",
  },
  {
    guard: "storm: one decision for one cause",
    removals: [remove("src/store/thread/storms.ts", " AND ($2 <> 'decision' OR ${ONE_DECISION})", "")],
    file: FOLDING,
    test: "a group whose runs want a decision",
  },
];
