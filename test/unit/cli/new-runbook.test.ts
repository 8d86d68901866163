import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import { inRepository } from "../../../src/cli/new-runbook.ts";

// The test that `diagbot new runbook` writes, on the runbook it writes, as if it stood in this checkout.
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "diagbot-runbook-"));
for (const [path, text] of Object.entries(inRepository("orders-stuck").files)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
for (const name of ["src", "node_modules", "package.json"]) symlinkSync(join(ROOT, name), join(folder, name));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

await import(pathToFileURL(join(folder, "test/unit/runbooks/orders-stuck.test.ts")).href);
