import type { StepError } from "../../core/words/outcome.ts";
import type { Trouble, TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";
import { REPAIR, type Refusal, refusalOf } from "./refusals.ts";

/**
 * Prometheus cannot be asked, or not everything: nothing is known about the system then, which is not the same as nothing wrong.
 * One finding per cause.
 */
export const prometheusTrouble: TroubleOf = (seen) => {
  const errors = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]));
  const isAll = errors.length === Object.keys(seen).length;
  const told = new Map(errors.map((error) => [tell(error).word, { error, ...tell(error) }]));
  return [...told.values()].map((one): Trouble => {
    const unknown = isAll
      ? "Whether requests fail or are slow is unknown until it answers."
      : "What it would have shown is unknown.";
    return {
      id: one.id === undefined ? "prometheus" : `prometheus:${one.id}`,
      severity: isAll && !one.isUp ? "critical" : "warning",
      title: `${isAll ? "Prometheus cannot be asked" : "Prometheus did not answer everything"}: ${one.word}`,
      because: `${one.error.message}. ${one.why} ${unknown}`,
      remedy: { ...one.remedy, risk: "low" },
    };
  });
};

type Told = Omit<Refusal, "id"> & { readonly id: Refusal["id"] | undefined };

function tell(error: StepError): Told {
  const refusal = refusalOf(error);
  if (refusal !== undefined) return refusal;
  const cause = causeOf(error);
  const why = cause.id === "other" ? "It answered, but not with numbers." : cause.because;
  return { id: undefined, word: cause.word, why, isUp: false, remedy: REPAIR };
}
