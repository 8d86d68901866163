/** How dangerous a remedy is: `low` bounded and reversible; `high` restarts, shared settings, sessions; `destructive` loses data or cannot be undone. */
export const RISKS = ["low", "high", "destructive"] as const;
export type Risk = (typeof RISKS)[number];

/** The higher of the given risks. */
export const highestRisk = (risks: readonly Risk[]): Risk =>
  RISKS[Math.max(0, ...risks.map((risk) => RISKS.indexOf(risk)))] ?? "destructive";
