import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  test: {
    include: ["broken.ts"],
    // What never ends on purpose is waited for no longer; the rest takes milliseconds.
    testTimeout: 5_000,
  },
});
