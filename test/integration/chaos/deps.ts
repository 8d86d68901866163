import { bundle } from "../../chaos/bundle.ts";
import { startTarget } from "../../chaos/target.ts";
import type { TrialDeps } from "../../chaos/trial.ts";
import { freshDatabase } from "../../helpers/database.ts";

/** The bundled worker, a target and databases for the trials of one test file. */
export async function openTrialDeps(
  redisUrl: string | undefined,
): Promise<TrialDeps & { close(): Promise<void> }> {
  const program = await bundle("worker");
  const target = await startTarget(1, { disturb: false });
  return {
    program: program.path,
    target,
    redisUrl,
    database: () => freshDatabase("trial"),
    close: async () => {
      await target.close();
      program.remove();
    },
  };
}
