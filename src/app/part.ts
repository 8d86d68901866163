import type { Health } from "../telemetry/health.ts";

/** A part of a running process: stopped in the reverse order of starting. */
export interface Part {
  readonly name: string;
  readonly health: Readonly<Record<string, () => Promise<Health>>>;
  stop(): Promise<void>;
}
