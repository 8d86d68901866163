import { defineConfig } from "vitest/config";
import { DearFirst } from "./test/helpers/dear-first.ts";

// Most files wait for services: two at a time fill two cores, and more would only make clocks late.
const shared = {
  pool: "forks" as const,
  maxWorkers: 2,
  // The product is read once per process instead of once per file: a third of all processor time. No file leaves anything behind.
  isolate: false,
  // A bound for what hangs. Nothing needs nearly as long, but a machine may do a lot besides.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  teardownTimeout: 60_000,
};

export default defineConfig({
  test: {
    // Concurrent tests wait for leases and deadlines most of the time.
    maxConcurrency: 10,
    sequence: { sequencer: DearFirst },
    projects: [
      { test: { ...shared, name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          ...shared,
          name: "integration",
          include: ["test/{contract,integration}/**/*.test.ts"],
          globalSetup: ["test/helpers/services.ts"],
        },
      },
      {
        test: {
          ...shared,
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/helpers/services.ts"],
          // Whole products with workers of their own: after the others.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
