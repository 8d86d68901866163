import type { Json } from "../../src/core/words/json.ts";
import { type Fault, fault, type Rule } from "../faults/fault.ts";
import type { Patch } from "./service/spec.ts";
import { firstOf, inverse, stands } from "./service/state.ts";
import type { LiveSystem } from "./spec.ts";

/** Until what changed stands in the metrics: two scrapes of the emulated Prometheus, and a rate over them. */
export const IN_METRICS_SECONDS = 10;

/** A fault that is a change of the service's state. What the patch sets first is what monitoring looks at. */
export function patchFault(
  spec: Pick<Fault, "id" | "title" | "description" | "runbook" | "expects"> & {
    readonly alert: Pick<Rule, "alertname" | "severity" | "summary"> &
      Partial<Pick<Rule, "labels" | "forSeconds">>;
    readonly patch: Patch;
  },
): Fault<LiveSystem> {
  const { alert, patch, ...rest } = spec;
  const { path, value } = firstOf(patch);
  return fault<LiveSystem>({
    ...rest,
    rule: {
      ...alert,
      firing: async (system) =>
        stands(await system.state(), patch) ? `${path.join(", ")}: ${said(value)}` : undefined,
    },
    break: (system) => system.patch(patch),
    heal: (system) => system.patch(inverse(system.first, patch)),
  });
}

const said = (value: Json): string =>
  value === null ? "missing" : typeof value === "string" ? value : JSON.stringify(value).slice(0, 100);
