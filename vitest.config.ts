import { defineConfig } from "vitest/config";
import { sequence } from "./test/helpers/order.ts";
import { SIDE_BY_SIDE } from "./test/helpers/side-by-side.ts";

// What only computes: as many at a time as there are cores on the smallest machine.
const COMPUTING = 2;
// What mostly waits for services, their statistics, leases and deadlines: two at a time leave two cores half idle.
const WAITING = 4;

// Projects take over nothing of what stands beside them: what holds for all is said to each.
const shared = {
  pool: "forks" as const,
  // The product is read once per process instead of once per file: a third of all processor time. No file leaves anything behind.
  isolate: false,
  maxConcurrency: SIDE_BY_SIDE,
  // A bound for what hangs. Nothing needs nearly as long, but a machine may do a lot besides.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  teardownTimeout: 60_000,
};

export default defineConfig({
  test: {
    sequence,
    projects: [
      { test: { ...shared, name: "unit", maxWorkers: COMPUTING, include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          ...shared,
          name: "integration",
          maxWorkers: WAITING,
          include: ["test/{contract,integration}/**/*.test.ts"],
          globalSetup: ["test/helpers/services.ts"],
          // Groups have one number of workers each; what is cheap says first what is wrong.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: "e2e",
          maxWorkers: COMPUTING,
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/helpers/services.ts"],
          // Whole products with workers of their own: after the others.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
