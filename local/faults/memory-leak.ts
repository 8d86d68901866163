import { BUDGETS } from "../sample/shop.ts";
import { fault } from "./fault.ts";
import { workerMemory } from "./rules.ts";

/** The worker keeps every rendered invoice in memory. Its supervisor starts it anew when it ends. */
export const memoryLeak = fault({
  id: "memory-leak",
  title: "Make the worker leak memory",
  description: "The worker keeps every invoice it renders and grows over its memory budget.",
  runbook: "high-memory",
  expects: { finding: "process-over-budget", remedy: "endOverBudget" },
  rule: workerMemory,
  break: (shop) => shop.plant({ bug: "leak-memory", bytes: BUDGETS.workerMemory }),
  heal: async (shop) => {
    if ((await workerMemory.firing(shop)) !== undefined) await shop.restartWorker();
  },
});
