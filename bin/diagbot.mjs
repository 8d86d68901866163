#!/usr/bin/env node
// In a checkout the sources are what runs; in an image, where only dist/ is shipped, the build is.
import { existsSync } from "node:fs";

const source = new URL("../src/main.ts", import.meta.url);
if (existsSync(source)) {
  const { tsImport } = await import("tsx/esm/api");
  await tsImport(source.href, import.meta.url);
} else {
  await import("../dist/src/main.js");
}
