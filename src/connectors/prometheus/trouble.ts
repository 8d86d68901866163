import type { StepError } from "../../core/words/outcome.ts";
import type { Trouble, TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

/** Prometheus cannot be asked, or not everything: nothing is known about the system then, which is not the same as nothing wrong. */
export const prometheusTrouble: TroubleOf = (seen) => {
  const errors = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]));
  const [first] = errors;
  if (first === undefined) return [];
  return [errors.length === Object.keys(seen).length ? cannotAsk(first) : answersPartly(first)];
};

const cannotAsk = (error: StepError): Trouble => {
  const { word, why } = told(error);
  return {
    id: "prometheus",
    severity: "critical",
    title: `Prometheus cannot be asked: ${word}`,
    because: `${error.message}. ${why} Whether requests fail or are slow is unknown until it answers.`,
    remedy: REPAIR,
  };
};

const answersPartly = (error: StepError): Trouble => {
  const { word, why } = told(error);
  return {
    id: "prometheus",
    severity: "warning",
    title: `Prometheus did not answer everything: ${word}`,
    because: `${error.message}. ${why} What it would have shown is unknown.`,
    remedy: REPAIR,
  };
};

function told(error: StepError): { word: string; why: string } {
  if (error.detail === "503")
    return {
      word: "not ready",
      why: "It is starting (replaying its write-ahead log) or shutting down.",
    };
  const cause = causeOf(error);
  const isQuery = error.detail === "bad_data" || error.detail === "execution";
  return {
    word: isQuery ? "query refused" : cause.word,
    why: cause.id === "other" ? "It answered, but not with numbers." : cause.because,
  };
}

const REPAIR = {
  key: "repairPrometheus",
  title: "Bring Prometheus back",
  risk: "low",
  advice:
    'Look at Prometheus itself: is the process up, is its disk full (the usual reason), is it still replaying its WAL (log: "Replaying WAL"), are URL and credentials in diagbot.yaml right? Then run this runbook again.',
} as const;
