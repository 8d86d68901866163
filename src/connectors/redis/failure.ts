import type { Seen, StepError } from "../../core/words/outcome.ts";
import { compromised } from "./compromised.ts";
import { ACCESS } from "./failures/access.ts";
import type { Causes, Known, RedisFailure } from "./failures/known.ts";
import { OTHERS } from "./failures/others.ts";
import { REACH } from "./failures/reach.ts";
import { REFUSALS } from "./failures/refusals.ts";
import { STATES } from "./failures/states.ts";
import { IS_TLS, OTHER_TLS, TLS } from "./failures/tls.ts";
import { intrusionSigns } from "./intrusion-signs.ts";

/** The one table: by the error's `detail`, then by the text beside it. */
const CAUSES: Causes = { ...REACH, ...TLS, ...ACCESS, ...REFUSALS, ...STATES, ...OTHERS };

/** What the error means; undefined where it says nothing about the server as a whole. */
export function failureOf(error: StepError): RedisFailure | undefined {
  const signs = intrusionSigns(error.said ?? {});
  if (signs.length > 0) return compromised(signs);
  const known = knownOf(error);
  if (known === undefined) return undefined;
  const { id, severity = "critical", title, because, advice } = known;
  return {
    ...{ id, severity, title },
    because: `${because}${savesTo(error)}${slotsOf(error)}${replicasOf(error)} The server or driver says: ${error.message}`,
    advice,
  };
}

const savesTo = ({ said: { dir, dbfilename } = {} }: StepError): string =>
  dir === undefined || dbfilename === undefined ? "" : ` It saves to ${dir}/${dbfilename}.`;

const slotsOf = ({ said: { cluster } = {} }: StepError): string =>
  cluster === undefined ? "" : ` ${cluster}`;

const replicasOf = ({ said: { replicas } = {} }: StepError): string =>
  replicas === undefined ? "" : ` ${replicas}`;

function knownOf({ detail = "", message }: StepError): Known | undefined {
  const causes = Object.hasOwn(CAUSES, detail) ? CAUSES[detail] : undefined;
  if (causes === undefined) return IS_TLS.test(detail) ? OTHER_TLS : undefined;
  return [causes].flat().find(({ when }) => when?.test(message) !== false);
}

/** Failures of the steps, one per cause, in the order of the steps; any error is one where every step failed. */
export function failuresIn(
  steps: Readonly<Record<string, Seen<unknown>>>,
): readonly (RedisFailure & { readonly error: StepError })[] {
  const errors = Object.values(steps).flatMap((step) => (step.ok ? [] : [step.error]));
  const found = errors.flatMap((error) => {
    const failure = failureOf(error);
    return failure === undefined ? [] : [{ ...failure, error }];
  });
  const [first] = errors;
  if (found.length === 0 && first !== undefined && errors.length === Object.keys(steps).length)
    return [{ ...unexplained(first), error: first }];
  return found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
}

const unexplained = ({ message }: StepError): RedisFailure => ({
  id: "cannot-ask",
  severity: "critical",
  title: `Redis cannot be asked: ${message.slice(0, 120)}`,
  because: "Every question was answered with an error, so nothing is known about it.",
  advice: "Read the end of its log, and try the URL of diagbot.yaml with redis-cli from this machine.",
});
