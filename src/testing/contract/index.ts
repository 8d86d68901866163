import type { ConnectionKind } from "../../core/words/kind.ts";
import { Hands } from "./hands.ts";
import type { Harness, Target } from "./harness.ts";
import { readCases } from "./reads.ts";
import { writeCases } from "./writes.ts";

/** One thing that holds of every connector. */
export interface ContractCase {
  readonly title: string;
  /** Rejects where it does not hold. `context`: what `node:test` and vitest give a test. */
  run(context: { skip(reason?: string): unknown }): Promise<void>;
}

/** A connector's contract, for any runner: `for (const { title, run } of contract.cases) test(title, run)`, one after the other. */
export interface Contract {
  readonly cases: readonly ContractCase[];
  /** Starts the target; the first case does it where nobody has. */
  start(): Promise<unknown>;
  /** Stops the target, where it was started. */
  stop(): Promise<unknown>;
}

export interface ContractOptions {
  /** How long what has to end is waited for after its end, in milliseconds: default 30,000. Only what hangs is waited for so long. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 30_000;

/**
 * What every connector is held to, diagbot's own as those of packs: deadline and abort, bounded output, errors of the closed set, no
 * secret shown, names of others; and of each write: the preview changes nothing, nothing is sent too late, a condition that
 * is gone is a refusal, done is seen to be done, undo brings the witness back.
 */
export function contractOf(
  kind: ConnectionKind,
  harness: Harness,
  { patienceMs = PATIENCE_MS }: ContractOptions = {},
): Contract {
  let target: Promise<Target> | undefined;
  const start = (): Promise<Target> => {
    target ??= harness.start();
    return target;
  };
  const cases = [
    ...readCases(kind),
    ...(kind.connector?.actions ?? []).flatMap((action) =>
      action.effect === "write" ? writeCases(action) : [],
    ),
  ];
  return {
    start,
    stop: async () => (target === undefined ? undefined : (await target).stop()),
    cases: cases.map(({ title, holds }) => ({
      title,
      run: async (context) => {
        if (harness.missing !== undefined) return void context.skip(harness.missing);
        const started = await start();
        const hands = new Hands(kind, started, patienceMs);
        const holding = { target: started, hands, skip: (reason: string) => void context.skip(reason) };
        const [held] = await Promise.allSettled([holds(holding)]);
        // That it does not close follows from what went wrong before, which is said.
        const [closed] = await Promise.allSettled([hands.close()]);
        for (const one of [held, closed]) if (one.status === "rejected") throw one.reason;
      },
    })),
  };
}
