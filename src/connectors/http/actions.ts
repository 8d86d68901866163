import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { toDiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { Answer, HttpClient } from "./client.ts";
import { readHealthBody } from "./health-body.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { HealthShape, Path, type Sample, SampleShape } from "./shapes.ts";

export { getJson } from "./get-json.ts";
export type { Health, Sample } from "./shapes.ts";

const { read } = actionsOn<HttpClient>("http");
const EXCERPT = 500;

/**
 * One GET of the health endpoint (`health:` of the connection) within 5 s: status, the body's own verdict, parts, timings.
 * A bad status is a value; no answer at all throws. tektra.system-health, sergas-accounts.health-matrix; traps health-200-only, curl-no-timeout.
 */
export const health = read({
  name: "http.health",
  title: "Asks a service's health endpoint",
  input: z.object({ path: Path.optional() }),
  output: HealthShape,
  run: async (client, { path = client.health }, context) => {
    const answer = await client.get(path, { timeoutMs: 5000 }, context);
    const body = readHealthBody(answer.headers["content-type"] ?? "", answer.isCut ? "" : answer.body);
    const isFine =
      answer.status < 300 &&
      body.verdict !== "unhealthy" &&
      body.verdict !== "degraded" &&
      body.page === undefined;
    return {
      path,
      status: answer.status,
      verdict: body.verdict,
      ...(body.status === undefined ? {} : { says: body.status }),
      components: [...body.components],
      isBrokenJson: body.isBroken && !answer.isCut,
      ...(body.page === undefined ? {} : { page: body.page }),
      ...outcomeOf(answer),
      ...(isFine ? {} : { excerpt: clip(answer.safeBody.trim(), EXCERPT) }),
      timings: answer.timings,
    };
  },
});

/**
 * Several timed GETs one after the other, 5 s each; failures are samples too. Stops at a 429: a probe must not eat the quota.
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
      if (sample.status === 429) break;
    }
    return { path, samples: taken };
  },
});

async function sampleOf(
  client: HttpClient,
  path: string,
  timeoutMs: number,
  context: ActionContext,
): Promise<Sample> {
  const begin = performance.now();
  try {
    const answer = await client.get(path, { timeoutMs }, context);
    const { timings, status } = answer;
    const body = readHealthBody(answer.headers["content-type"] ?? "", answer.isCut ? "" : answer.body);
    const isIll = status < 300 && (body.verdict === "unhealthy" || body.verdict === "degraded");
    const says = isIll ? { says: body.status ?? body.verdict } : {};
    return { status, totalMs: timings.totalMs, timings, ...says, ...outcomeOf(answer) };
  } catch (thrown) {
    const { code, detail, message } = toDiagError(thrown);
    if (code === "aborted" || context.signal.aborted) throw thrown;
    const error = { code, message, ...(detail === undefined ? {} : { detail }) };
    return { totalMs: Math.round(performance.now() - begin), error };
  }
}

function outcomeOf(answer: Answer): { redirect?: string; retryAfterSeconds?: number } {
  const wait = retryAfterSeconds(answer.headers["retry-after"], new Date());
  return {
    ...(answer.redirect === undefined ? {} : { redirect: clip(answer.redirect, 200) }),
    ...(wait === undefined ? {} : { retryAfterSeconds: wait }),
  };
}
