import { type RunContext, z } from "../../src/sdk/index.ts";
import type { Asked } from "./pod-cause.ts";
import type { Target } from "./problems.ts";

const name = z.string().max(253).optional();
/** What people may say, and alerts do. */
export const params = z.object({
  namespace: name.describe("only this namespace"),
  workload: name.describe("only this deployment, stateful set or daemon set"),
  pod: name.describe("only this pod"),
  recentMinutes: z
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .describe("ends of containers longer ago than this are history"),
  logLines: z.int().min(1).max(100).default(20).describe("log lines to show of each failing container"),
});
export type Context = RunContext<z.output<typeof params>>;

export const askedOf = ({ now, params: { recentMinutes } }: Context): Asked => ({
  now,
  recentSeconds: recentMinutes * 60,
});
export const targetOf = ({ params: { namespace, workload, pod } }: Context): Target => ({
  namespace,
  workload,
  pod,
});

/**
 * What an alert is about. Of a node no namespace or pod is meant: those labels are kube-state-metrics' own there, and beside
 * a workload the pod is.
 */
export function targetIn({
  namespace,
  pod,
  deployment,
  statefulset,
  daemonset,
  node,
}: Readonly<Record<string, string>>): Record<string, unknown> {
  const workload = deployment ?? statefulset ?? daemonset;
  if (workload !== undefined) return { workload, ...(namespace === undefined ? {} : { namespace }) };
  const isExporter = pod?.includes("kube-state-metrics-") === true;
  if (isExporter || (node !== undefined && pod === undefined)) return {};
  return { ...(namespace === undefined ? {} : { namespace }), ...(pod === undefined ? {} : { pod }) };
}
