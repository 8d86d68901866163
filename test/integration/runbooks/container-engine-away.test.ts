import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { containerFailure } from "../../../runbooks/docker/container-failure.ts";
import { benchAt } from "./container-bench.ts";

it("an engine that is not there is the finding", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-nodocker-"));
  const bench = benchAt(join(folder, "none.sock"));
  const { findings } = await bench.diagnose(containerFailure);
  expect(findings).toMatchObject([
    {
      id: "engine-unreachable",
      severity: "critical",
      title: "There is no Docker socket where diagbot looks",
    },
  ]);
  await bench.close();
  rmSync(folder, { recursive: true, force: true });
});
