import type { LiveFault } from "../faults/fault.ts";
import type { Target } from "../prometheus/server.ts";
import type { PostgresBinaries } from "../services/postgres-binaries.ts";
import type { Cleanups } from "./cleanups.ts";
import type { TryoutFolder } from "./folder.ts";
import type { Secrets } from "./secrets.ts";

/** What a sample system is started with. */
export interface SampleNeeds {
  readonly folder: TryoutFolder;
  readonly cleanups: Cleanups;
  readonly secrets: Secrets;
  readonly binaries: PostgresBinaries;
  /** Path of redis-server, where there is one. */
  readonly redisCommand: string | undefined;
  /** Called when a part is ready, with its name. */
  ready(part: string): void;
}

/** A sample system that runs, as the try-out shows it: what can be broken, and what diagbot is told of it. */
export interface Sample {
  /** Its name in diagbot.yaml; also the `job` of its metrics and alerts. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly channel: { readonly id: string; readonly name: string; readonly topic: string };
  readonly faults: readonly LiveFault[];
  /** Writes that no finding offers, as people type them behind `/diag <id>`. */
  readonly writes: readonly string[];
  readonly metrics: Omit<Target, "job">;
  /** Folder with checks, to stand beside diagbot.yaml. */
  readonly checks?: string;
  /** The diagbot.yaml, and the variables it refers to. */
  config(prometheusUrl: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
