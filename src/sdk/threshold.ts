import { z } from "zod";
import type { RunContext } from "../core/words/runbook.ts";
import type { Thresholds } from "../core/words/system.ts";

/**
 * A parameter that falls back to the system's threshold of that name, so that the runbook always sees a number. `says` is
 * its description without a full stop; `schema` bounds what people may give (default: any positive number).
 */
export const orThreshold = (
  name: keyof Thresholds,
  says: string,
  schema: z.ZodType<number, number> = z.number().positive(),
): z.ZodType<number, number | undefined> =>
  schema.optional().meta({
    description: `${says}; empty: the system's threshold`,
    threshold: name,
  }) as unknown as z.ZodType<number, number | undefined>;

/** The context with every threshold parameter filled in. */
export function withThresholds<P>(schema: z.ZodObject, context: RunContext): RunContext<P> {
  const params: Record<string, unknown> = { ...context.params };
  for (const [name, field] of Object.entries(schema.shape)) {
    const threshold = z.globalRegistry.get(field as z.ZodType)?.threshold;
    if (params[name] === undefined && typeof threshold === "string")
      params[name] = context.thresholds[threshold as keyof Thresholds];
  }
  return { ...context, params: params as P };
}
