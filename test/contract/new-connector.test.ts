import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { newConnector } from "../../src/cli/new-connector.ts";
import type { ConnectionKind } from "../../src/core/words/kind.ts";
import type { Harness } from "./harness.ts";
import { holdToContract } from "./held.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ID = "jobqueue";

/** A checkout with the new files in it: what they import is this repository's own. */
const folder = mkdtempSync(join(tmpdir(), "diagbot-connector-"));
for (const [path, text] of Object.entries(newConnector(ID).files)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const borrow = (below: string) => {
  for (const name of readdirSync(join(ROOT, below)))
    if (
      name !== ID &&
      !(below === "src" && name === "connectors") &&
      name !== "contract" &&
      name !== "harness"
    )
      symlinkSync(join(ROOT, below, name), join(folder, below, name));
};
for (const below of ["src", "src/connectors", "test", "test/contract"]) borrow(below);
for (const name of ["node_modules", "package.json", "local"])
  symlinkSync(join(ROOT, name), join(folder, name));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (path: string) => import(pathToFileURL(join(folder, path)).href);
const { kind } = (await load(`src/connectors/${ID}/index.ts`)) as { kind: ConnectionKind };
const { harness } = (await load(`test/contract/harness/${ID}.ts`)) as { harness: Harness };

describe("a connector as `diagbot new` writes it", () => {
  holdToContract(kind, harness);

  test("type checks", async () => {
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: join(ROOT, "tsconfig.json"),
        compilerOptions: { noEmit: true, rootDir: "/", typeRoots: [join(ROOT, "node_modules/@types")] },
        include: [`src/connectors/${ID}`, "test/contract/harness"],
      }),
    );
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    const said = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }: { stdout: string }) => stdout,
    );
    expect(said).toBe("");
  });
});
