import { count, type Finding, type OutputOf, type redis, saySeconds } from "../../src/sdk/index.ts";
import { asked, type Wanted } from "./queue-states.ts";
import type { Remedy } from "./queue-waiting.ts";
import { namesIn, shown } from "./queue-words.ts";

type All = OutputOf<typeof redis.queues>;

/** Parents of flows that wait for children which will not come by themselves. No worker and no count of jobs that wait shows them. */
export function aboutFlows(all: All, context: Wanted): Finding<Remedy> | undefined {
  const mine = asked(all.queues, context).filter(({ flows }) => (flows?.held ?? 0) > 0);
  const flows = mine.flatMap((one) => (one.flows === undefined ? [] : [one.flows]));
  const held = flows.reduce((sum, one) => sum + one.held, 0);
  const [first] = flows;
  const example = first?.example ?? null;
  if (first === undefined || example === null) return undefined;
  const looked = flows.reduce((sum, one) => sum + one.looked, 0);
  const parents = flows.reduce((sum, one) => sum + one.parents, 0);
  const isGone = example.is === "gone";
  return {
    id: "parents-held",
    severity: "warning",
    title: `${count(held, "parent")} in ${namesIn(mine)} ${held === 1 ? "waits" : "wait"} for children that ${isGone ? "are gone" : "failed"}`,
    because: `Job ${example.parent} waits for ${example.child}, which ${isGone ? "is not there any more (deleted by hand, expired or evicted: the library would have told its parent)" : "failed for good"}. Where a child does not say what its failure means, its parent waits until it is tried again and succeeds: for ever otherwise, and no worker shows it. ${count(parents, "parent")} wait for children there, the first ${first.oldestSeconds === null ? "" : `for ${saySeconds(first.oldestSeconds)}`}; the first ${looked} were looked at.`,
    evidence: shown(mine, all),
    remedies: ["mendFlow"],
  };
}
