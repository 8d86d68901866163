import type { Catalog } from "../core/ports/catalog.ts";
import type { Known } from "../core/words/intent.ts";
import { kindsOf } from "../core/words/system.ts";

/** What a command knows of diagbot.yaml, whichever door it came by. */
export const knownOf = ({ systems }: Pick<Catalog, "systems">): Known => ({
  systems: systems.map(({ id }) => id),
  alerting: systems.filter((system) => kindsOf(system).includes("alertmanager")).map(({ id }) => id),
});
