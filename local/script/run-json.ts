import { z } from "zod";

/** What the script reads of `diagbot status <run> --json`: the machine-readable account of a run. */
const RunReport = z.object({
  id: z.coerce.string(),
  runbook: z.string(),
  status: z.string(),
  findings: z.array(z.object({ id: z.string(), title: z.string(), severity: z.string() })),
  remedies: z.array(z.object({ id: z.string(), status: z.string(), advice: z.string().optional() })),
});
export type RunReport = z.infer<typeof RunReport>;

export const readReport = (json: unknown): RunReport => RunReport.parse(json);
