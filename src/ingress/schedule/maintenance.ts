import type { Catalog } from "../../core/ports/catalog.ts";
import type { Intake } from "../../core/ports/intake.ts";
import { windowAt, windowName } from "../../core/rules/planned.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { channelsOfSystem } from "../freezing.ts";

export interface MaintenanceDeps {
  readonly catalog: Pick<Catalog, "maintenance" | "channel" | "systems">;
  readonly intake: Pick<Intake, "freezeSystem">;
  readonly logger: Logger;
}

/** Who opens what is planned, for the thread and the audit. */
const BY = { via: "schedule" as const, name: "diagbot.yaml" };

/**
 * Opens the windows of `maintenance:` that `now` lies in, each once over all processes, also where it has begun while nothing
 * ran; they end by themselves. `asked`: names of those that need no asking any more. Throws `store_unavailable`.
 */
export async function openWindows(
  { catalog, intake, logger }: MaintenanceDeps,
  asked: Set<string>,
  now: Date,
): Promise<void> {
  const open = new Set<string>();
  for (const planned of catalog.maintenance ?? []) {
    const window = windowAt(planned, now);
    if (window === undefined) continue;
    for (const system of planned.systems) {
      const name = windowName(system, planned, window);
      open.add(name);
      if (asked.has(name)) continue;
      const entry = {
        source: "schedule" as const,
        dedupeKey: name,
        raw: JSON.stringify({ system, ...window }),
      };
      const forMs = window.until.getTime() - now.getTime();
      const { quiet, reason } = planned;
      await intake
        .freezeSystem(entry, {
          ...{ system, quiet, reason, forMs, by: BY, planned: name },
          channels: channelsOfSystem(catalog, system),
        })
        .catch((thrown: unknown) => {
          if (thrown instanceof DiagError && thrown.code === "store_unavailable") throw thrown;
          logger.warn({ err: thrown, system }, "a planned maintenance was not begun");
        });
      asked.add(name);
    }
  }
  for (const name of asked) if (!open.has(name)) asked.delete(name);
}
