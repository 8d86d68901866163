import { count, type Finding } from "../../src/sdk/index.ts";
import { type Asked, clock, isSearch, type Place } from "./groups.ts";

/** Lines below which nothing is said of a log that never names a level. */
const FEW = 20;

/** Logs that were written to all through the time before and not once since: no news of such a log is no good news. */
export const silent = (places: readonly Place[], context: Asked): Finding<"findWriter">[] =>
  isSearch(context)
    ? []
    : places.flatMap(({ name, found: { silentSince } }) =>
        silentSince === null
          ? []
          : [
              {
                id: `silent:${name}`,
                severity: "warning" as const,
                title: `${name} has written nothing since ${clock(silentSince)}`,
                because: `In the ${context.params.minutes} min before it wrote all the time, in the ${context.params.minutes} min since not one line. Either it ended or hangs, or it has nothing to do any more, or its lines go elsewhere or get lost on their way.`,
                remedies: ["findWriter" as const],
              },
            ],
      );

/** Logs none of whose lines says how grave it is: that no error was found in them says nothing. */
export function levelless(places: readonly Place[], context: Asked): Finding<"useText"> | false {
  const mute = places.filter(({ found: { lines, unlevelled } }) => lines >= FEW && unlevelled === lines);
  if (isSearch(context) || mute.length === 0) return false;
  return {
    id: "no-levels",
    severity: "info",
    title: `Of ${count(mute.length, "log")} no line says how grave it is: ${mute
      .map(({ name }) => name)
      .join(", ")
      .slice(0, 200)}`,
    because:
      "Errors in there cannot be told from the rest, so that none was found says nothing. Levels are read where the program gives them, never guessed from words.",
    remedies: ["useText"],
  };
}
