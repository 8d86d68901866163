import { type Call, type Finding, type host, type Seen, sayBytes, sayPercent, table } from "../../src/sdk.ts";
import type { MemoryContext, MemoryRemedy } from "./memory-findings.ts";

type Out<C> = C extends (...input: never[]) => Call<infer O> ? O : never;
type Budget = Out<typeof host.processBudgets>["budgets"][number];
type Process = Budget["processes"][number];

/** Processes one approval may end. */
const MOST = 5;

export interface BudgetView {
  readonly budgets: Seen<Out<typeof host.processBudgets>>;
}

interface Over {
  readonly match: string;
  readonly bytes: number;
  readonly process: Process;
}

const holds = (process: Process): number => process.anonymous + process.swap;

/** Processes at or over the memory threshold of their budget. */
export const overBudget = ({ budgets }: BudgetView, { thresholds }: MemoryContext): Over[] =>
  budgets.ok
    ? budgets.value.budgets.flatMap(({ match, bytes, processes }) =>
        processes
          .filter((process) => holds(process) >= bytes * thresholds.memory)
          .map((process) => ({ match, bytes, process })),
      )
    : [];

/** Those that may be ended; at most 5, a process that falls under two budgets once. */
export const endableOverBudget = (view: BudgetView, context: MemoryContext): Process[] => {
  const over = overBudget(view, context).map(({ process }) => process);
  const once = new Map(over.map((process) => [process.pid, process]));
  return [...once.values()].filter((process) => process.protected === null).slice(0, MOST);
};

/** One finding per budget that is exceeded. */
export function budgetFindings(view: BudgetView, context: MemoryContext): Finding<MemoryRemedy>[] {
  const over = overBudget(view, context);
  const budgets = [...new Map(over.map((one) => [one.match, one])).values()];
  return budgets.map(({ match, bytes }) => {
    const mine = over.filter((one) => one.match === match).map(({ process }) => process);
    const worst = mine[0];
    const ratio = worst === undefined ? 0 : holds(worst) / bytes;
    const canEnd = mine.some((process) => process.protected === null);
    return {
      id: `process-over-budget:${match}`.slice(0, 100),
      severity: ratio >= 1 ? "critical" : "warning",
      title: `${match} (pid ${worst?.pid}) holds ${sayBytes(worst === undefined ? 0 : holds(worst))}: ${sayPercent(ratio)} of its budget of ${sayBytes(bytes)}`,
      because:
        "The program is given so much memory in diagbot.yaml, and the machine as a whole may still have some: one process grows beyond what it needs, most often because it keeps what it should give back.",
      evidence: [
        table(
          ["process", "pid", "memory", "unit"],
          mine.slice(0, 8).map((one) => [one.command || one.name, one.pid, sayBytes(holds(one)), one.unit]),
          "Over its budget",
        ),
      ],
      remedies: canEnd ? ["endOverBudget", "restartLargest"] : ["restartLargest"],
    };
  });
}
