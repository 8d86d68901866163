import { hostConnector } from "../../../src/connectors/host/index.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

export const KIB = 1024;
export const MIB = 1024 * KIB;
/** What a test leaves to be ended. */
export const cleanups: (() => unknown)[] = [];
/** Ends it. For `afterEach` of the file: one in here would be of the first file that reads this only. */
export const endAll = async (): Promise<void> => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
};

export function benchOf(machine: object, more: { patienceMs?: number } = {}): Bench {
  const bench = openBench({
    connections: { machine: { kind: "host", local: true, ...machine } },
    connectors: [hostConnector],
    thresholds: { disk: 0.85 },
    ...more,
  });
  cleanups.push(() => bench.close());
  return bench;
}
