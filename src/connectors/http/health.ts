import { sayMs } from "../../core/rules/response-time.ts";
import type { ConnectionFace } from "../../core/words/connection.ts";
import type { HealthLimits, HealthTrouble, HealthWord } from "../../core/words/health.ts";
import { answerTrouble, goodAnswer } from "./answer/say.ts";
import type { Health } from "./shapes.ts";

/** A health endpoint answered: is the answer good? What it means first, then the time it took. */
export function judgeHealth(health: Health, { slowSeconds }: HealthLimits, face: ConnectionFace): HealthWord {
  const found = answerTrouble(health) ?? slowTrouble(health, slowSeconds);
  if (found === undefined) return `${goodAnswer(health)} in ${sayMs(health.timings.totalMs)}`;
  const { word, because, next } = found;
  return {
    word,
    because,
    severity: severityOf(found, face),
    next,
    ...(health.excerpt === undefined ? {} : { excerpt: health.excerpt }),
    parts: health.components,
  };
}

/** Who refuses us may serve everybody else; and someone else's service is not for us to mend. */
function severityOf(
  found: HealthTrouble & { help?: string },
  face: ConnectionFace,
): HealthTrouble["severity"] {
  const isLess = face.about?.external === true || (found.help !== undefined && found.help !== "wait");
  return isLess && found.severity === "critical" ? "warning" : found.severity;
}

function slowTrouble({ timings }: Health, slowSeconds: number): HealthTrouble | undefined {
  if (timings.totalMs / 1000 <= slowSeconds) return undefined;
  return {
    word: `slow: ${sayMs(timings.totalMs)}`,
    because: `The health endpoint took ${sayMs(timings.totalMs)} (limit ${sayMs(slowSeconds * 1000)}), ${sayMs(timings.waitMs ?? 0)} of it waiting for the first byte.`,
    severity: "warning",
    next: "Run slow-responses and look at CPU, connection pools and what the health check itself calls.",
  };
}
