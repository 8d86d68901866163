import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { testRecordings } from "../../../src/app/recordings.ts";
import { FIRST_KINDS } from "../../../src/cli/first-runbook.ts";
import { inRepository } from "../../../src/cli/new-runbook.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";

// The test that `diagbot new runbook` writes, on the runbook it writes, as if it stood in this checkout.
const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "diagbot-runbook-"));
for (const kind of FIRST_KINDS)
  for (const [path, text] of Object.entries(inRepository(`${kind}-stuck`, kind).files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
for (const name of ["src", "node_modules", "package.json"]) symlinkSync(join(ROOT, name), join(folder, name));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const kind of FIRST_KINDS)
  describe(kind, async () => {
    await import(pathToFileURL(join(folder, `test/unit/runbooks/${kind}-stuck.test.ts`)).href);
    const module = (await import(
      pathToFileURL(join(folder, `runbooks/${kind}/${kind}-stuck.ts`)).href
    )) as Record<string, Runbook>;

    it("its recording is what it concludes", () => {
      const folders = [join(folder, `test/recordings/${kind}-stuck`)];
      const of = { patterns: [], update: false, folders, cwd: folder };
      expect(testRecordings(Object.values(module), of)).toMatchObject([{ result: "same" }]);
    });
  });
