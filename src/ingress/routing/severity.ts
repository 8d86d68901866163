import type { Decision } from "../../core/words/route.ts";
import { cut } from "../../lib/cut.ts";

const SEVERITIES = ["critical", "page", "error", "high", "warning", "medium", "low", "info", "none"];

/** The gravest severity, each by its route or its label; unknown words rank below the known ones. */
export function severityOf(decisions: readonly Decision[]): string {
  const words = new Set(
    decisions.flatMap(({ alert, route }) => {
      const word = route?.severity ?? alert.labels.severity;
      return word === undefined ? [] : cut(word, 40);
    }),
  );
  const rank = (word: string) => {
    const at = SEVERITIES.indexOf(word.toLowerCase());
    return at < 0 ? SEVERITIES.length : at;
  };
  return [...words].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))[0] ?? "unknown";
}
