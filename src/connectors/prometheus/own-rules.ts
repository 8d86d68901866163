import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import type { PrometheusClient } from "./client.ts";

const Raw = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      interval: z.number().default(0),
      evaluationTime: z.number().default(0),
      rules: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          health: z.string().default("unknown"),
          lastError: z.string().optional(),
        }),
      ),
    }),
  ),
});
const Failing = z.object({ group: z.string(), name: z.string(), isAlert: z.boolean(), error: z.string() });

export const Rules = z.object({
  total: z.int(),
  alerts: z.int(),
  failing: z.array(Failing).max(20),
  failingTotal: z.int(),
  failingAlerts: z.int(),
  /** Groups whose last evaluation took longer than the time between two; seconds. */
  slow: z.array(z.object({ group: z.string(), interval: z.number(), took: z.number() })).max(10),
});
export type Rules = z.output<typeof Rules>;

/** All rules, those that could not be evaluated the last time, and groups that do not come round in time. */
export async function rulesOf(client: PrometheusClient, context: ActionContext): Promise<Rules> {
  const answer = Raw.safeParse(await client.get("rules", [], context));
  if (!answer.success) throw new DiagError("target_error", "/api/v1/rules is not as Prometheus has it");
  const { groups } = answer.data;
  const all = groups.flatMap(({ name, rules }) => rules.map((rule) => ({ ...rule, group: name })));
  const failing = all
    .filter(({ health }) => health === "err")
    .map(({ group, name, type, lastError = "" }) => ({
      group: clip(group, 100),
      name: clip(name, 100),
      isAlert: type === "alerting",
      error: clip(lastError.replace(/\s+/g, " ").trim(), 400) || "no reason given",
    }))
    .toSorted((a, b) => Number(b.isAlert) - Number(a.isAlert));
  return {
    total: all.length,
    alerts: all.filter(({ type }) => type === "alerting").length,
    failing: failing.slice(0, 20),
    failingTotal: failing.length,
    failingAlerts: failing.filter(({ isAlert }) => isAlert).length,
    slow: groups
      .filter(({ interval, evaluationTime }) => interval > 0 && evaluationTime > interval)
      .map(({ name, interval, evaluationTime }) => ({
        group: clip(name, 100),
        interval,
        took: evaluationTime,
      }))
      .slice(0, 10),
  };
}
