import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { answerTrouble } from "./answer/say.ts";
import type { HttpClient } from "./client.ts";
import { readOf } from "./read-of.ts";
import { HealthShape, Path, type Sample, SampleShape } from "./shapes.ts";

export { type AnswerTrouble, answerTrouble, goodAnswer } from "./answer/say.ts";
export type { AnswerRead } from "./answer/shape.ts";
export { clock } from "./clock.ts";
export { ask, run, settled, state } from "./commands.ts";
export { getJson } from "./get-json.ts";
export type { Health, Sample } from "./shapes.ts";

const { read } = actionsOn<HttpClient>("http");

/**
 * One GET of the health endpoint (`health:` of the connection) within 5 s: what the answer means, parts, timings.
 * A bad status is a value; no answer at all throws. tektra.system-health, sergas-accounts.health-matrix; traps health-200-only, curl-no-timeout.
 */
export const health = read({
  name: "http.health",
  title: "Asks a service's health endpoint",
  input: z.object({ path: Path.optional() }),
  output: HealthShape,
  run: async (client, { path = client.health }, context) => {
    const answer = await client.get(path, { timeoutMs: 5000 }, context);
    return { ...readOf(client, path, answer), timings: answer.timings };
  },
});

/**
 * Several timed GETs one after the other, 5 s each; failures are samples too. Stops where asking again costs or cannot tell
 * more (a limit, a refusal, a wrong path): a probe must not eat the quota or lock an account.
 * ai-saas.external-latency, sergas-agents.external-api-slow, sergas-accounts.high-response-times; trap retry-storm.
 */
export const samples = read({
  name: "http.samples",
  title: "Times several requests to a service, phase by phase",
  timeoutSeconds: 30,
  input: z.object({ count: z.int().min(1).max(10).default(5), path: Path.optional() }),
  output: z.object({ path: z.string(), samples: z.array(SampleShape).max(10) }),
  run: async (client, { count, path = client.health }, context) => {
    const taken: Sample[] = [];
    const end = performance.now() + context.timeoutMs - 500;
    while (taken.length < count && performance.now() < end) {
      const sample = await sampleOf(client, path, Math.min(5000, end - performance.now()), context);
      taken.push(sample);
      if (isEnough(sample)) break;
    }
    return { path, samples: taken };
  },
});

/** Only a failure of the other side may pass by the next request, and not where it asked us to wait. */
function isEnough({ answer }: Sample): boolean {
  const trouble = answer && answerTrouble(answer);
  if (trouble === undefined) return false;
  return trouble.help !== "wait" || answer?.retryAfterSeconds !== undefined || answer?.cause === "overloaded";
}

async function sampleOf(
  client: HttpClient,
  path: string,
  timeoutMs: number,
  context: ActionContext,
): Promise<Sample> {
  const begin = performance.now();
  try {
    const answer = await client.get(path, { timeoutMs }, context);
    const { timings } = answer;
    return { totalMs: timings.totalMs, answer: readOf(client, path, answer), timings };
  } catch (thrown) {
    const { code, detail, message } = toDiagError(thrown);
    if (code === "aborted" || context.signal.aborted) throw thrown;
    const error = { code, message, ...(detail === undefined ? {} : { detail }) };
    return { totalMs: Math.round(performance.now() - begin), error };
  }
}
