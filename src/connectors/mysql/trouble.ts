import { facts } from "../../core/words/evidence.ts";
import type { StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";
import { failureOf } from "./failures/index.ts";

/** Troubles that concern the whole server also where another question was still answered. */
const WHOLE = /^(?:mysql-(?:disk-full|temporary-full|corrupt|going-down|threads|open-files))$/;

/** MySQL cannot be asked, or says itself that it is in trouble: the same finding in every runbook. */
export const mysqlTrouble: TroubleOf = (seen) => {
  const steps = Object.values(seen);
  const errors = steps.flatMap((one) => (one.ok ? [] : [one.error]));
  const error = telling(errors);
  if (error === undefined) return [];
  const known = failureOf(error);
  // One step of several that errored is said as what could not be looked at.
  if (errors.length < steps.length && !WHOLE.test(known?.id ?? "")) return [];
  const cause = causeOf(error);
  return [
    {
      id: known?.id ?? "mysql-unseen",
      severity: known?.severity ?? "critical",
      title: known?.title ?? `MySQL cannot be asked: ${cause.word}`,
      because: known?.because ?? `${cause.because} It says: ${error.message}`,
      evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
      remedy: {
        key: "recoverMysql",
        title: "Get MySQL to answer",
        risk: "high",
        advice: known?.advice ?? cause.next,
      },
    },
  ];
};

/** Of several errors the one that says most: of the whole server, then one that has a meaning. */
function telling(errors: readonly StepError[]): StepError | undefined {
  const known = errors.filter((error) => failureOf(error) !== undefined);
  return known.find((error) => WHOLE.test(failureOf(error)?.id ?? "")) ?? known[0] ?? errors[0];
}
