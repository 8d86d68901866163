import { connectorsOf } from "../core/rules/connections.ts";
import { count } from "../core/words/format.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { CliDeps, CliIo, CliKnowledge } from "./deps.ts";
import { EXIT } from "./exit.ts";
import { lintRunbooks } from "./lint.ts";
import { bundledCatalogIds, runbookFiles } from "./lint-world.ts";
import { thrownAsLines } from "./report-error.ts";

/** `check`: the configuration, the runbooks and what of them was left out, all complaints at once. `runbooksOnly` needs neither file nor environment. */
export async function check(
  deps: CliDeps,
  io: CliIo,
  options: { runbooksOnly: boolean; json: boolean },
): Promise<number> {
  const shipped = deps.shipped();
  const complaints = lintRunbooks(shipped, {
    ...worldOf(deps.kinds()),
    catalogIds: bundledCatalogIds(),
    files: runbookFiles(),
  });
  let { runbooks, leftOut }: Pick<CliKnowledge, "runbooks" | "leftOut"> = { runbooks: shipped, leftOut: [] };
  let systems: number | undefined;
  let warnings: readonly string[] = [];
  if (!options.runbooksOnly)
    try {
      const config = await deps.config();
      systems = config.systems.length;
      warnings = config.warnings;
      const knowledge = await deps.knowledge();
      ({ runbooks, leftOut } = knowledge);
      warnings = [...warnings, ...knowledge.warnings];
      const added = runbooks.filter((runbook) => !shipped.includes(runbook));
      complaints.push(...leftOut, ...lintRunbooks(added, worldOf(knowledge.kinds)));
    } catch (error) {
      complaints.unshift(...thrownAsLines(error));
    }
  const ok = complaints.length === 0;
  if (options.json) {
    const answer = { ok, systems: systems ?? null, runbooks: runbooks.length, complaints, warnings };
    io.stdout(`${JSON.stringify(answer)}\n`);
  } else {
    for (const warning of warnings) io.stderr(`warning: ${warning}\n`);
    for (const complaint of complaints) io.stderr(`${complaint}\n`);
    const looked = systems === undefined ? "" : `${count(systems, "system")}, `;
    if (ok) io.stdout(`ok: ${looked}${count(runbooks.length, "runbook")}\n`);
  }
  return ok ? EXIT.ok : EXIT.refused;
}

const worldOf = (kinds: readonly ConnectionKind[]) => ({
  actions: connectorsOf(kinds).flatMap(({ actions }) => actions),
  kinds: kinds.map(({ name }) => name),
});
