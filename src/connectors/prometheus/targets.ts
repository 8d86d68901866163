import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import type { PrometheusClient } from "./client.ts";

const MOST_DOWN = 50;

export interface Targets {
  readonly total: number;
  readonly down: { job: string; instance: string; lastError?: string }[];
}

const ActiveTargets = z.object({
  activeTargets: z.array(z.object({ labels: z.record(z.string(), z.string()), lastError: z.string() })),
});

/** Targets that match the connection's labels; `total` 0: discovery knows none (trap prom-up-absent). */
export async function targetsOf(client: PrometheusClient, context: ActionContext): Promise<Targets> {
  const up = client.select("up");
  const [all, down] = await Promise.all([
    client.instant(`count(${up})`, context),
    client.instant(`topk(${MOST_DOWN}, ${up} == 0)`, context),
  ]);
  const reasons = down.length === 0 ? new Map<string, string>() : await lastErrors(client, context);
  return {
    total: all[0]?.value ?? 0,
    down: down.map(({ labels: { job = "", instance = "" } }) => {
      const reason = reasons.get(`${job} ${instance}`);
      return { job, instance, ...(reason === undefined ? {} : { lastError: clip(reason, 200) }) };
    }),
  };
}

/** Why scrapes fail. Best effort: what only speaks the query API (Thanos, Mimir) has no such page. */
async function lastErrors(client: PrometheusClient, context: ActionContext): Promise<Map<string, string>> {
  const data = await client.get("targets", [["state", "active"]], context).catch(() => undefined);
  const parsed = ActiveTargets.safeParse(data);
  if (!parsed.success) return new Map();
  return new Map(
    parsed.data.activeTargets
      .filter(({ lastError }) => lastError !== "")
      .map(({ labels, lastError }) => [`${labels.job ?? ""} ${labels.instance ?? ""}`, lastError]),
  );
}
