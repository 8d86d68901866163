import type { kubernetes, OutputOf } from "../../src/sdk/index.ts";

export type Services = OutputOf<typeof kubernetes.services>;
export type Service = Services["services"][number];
/** Remedies of what is found of services. */
export type ServiceKey =
  | "fixSelector"
  | "fixEndpoints"
  | "fixPods"
  | "fixPort"
  | "scaleUp"
  | "fixBalancer"
  | "fixLeader"
  | "askOther"
  | "fixPolicy"
  | "fixName";

/** What was asked about. */
export interface ServiceTarget {
  readonly namespace?: string | undefined;
  readonly service?: string | undefined;
  readonly now: Date;
}
