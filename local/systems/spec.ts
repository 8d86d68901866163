import type { Fault } from "../faults/fault.ts";
import type { CacheUser, DatabaseUser } from "../sample/users.ts";
import type { Patch, ServiceSpec, State } from "./service/spec.ts";

/** A sample system that runs, as its faults and monitoring see it. */
export interface LiveSystem extends CacheUser, DatabaseUser {
  /** What its service knows now. Throws where it does not answer. */
  state(): Promise<State>;
  patch(patch: Patch): Promise<void>;
  /** What its service knew at the start. */
  readonly first: State;
  /** Where a file of its machine is on this one. */
  file(path: string): string;
}

/** One of the five systems of docs/examples, as the try-out shows it. */
export interface SystemSpec {
  /** The folder of docs/examples, and the system's name there. */
  readonly id: string;
  readonly title: string;
  /** One line for `--help`. */
  readonly about: string;
  readonly service: ServiceSpec;
  /** The file that `metrics:` of its Prometheus connection is missing in the example; names of its own metrics. */
  readonly metricNames?: Readonly<Record<string, string>>;
  /** Values of variables that its diagbot.yaml refers to, besides addresses. */
  readonly env: Readonly<Record<string, string>>;
  /** Files of its machine by absolute path, with what is in them at the start. */
  readonly files: Readonly<Record<string, () => string>>;
  /** What its database has besides: SQL of the application's role. diagbot may read it. */
  readonly tables?: string;
  /** Programs that are really run here, by their path; their words that are absolute paths lead into the sample machine. */
  readonly real: readonly string[];
  /** Keys of its cache at the start; `seconds`: their time to live. */
  readonly keys: readonly { readonly key: string; readonly value: string; readonly seconds?: number }[];
  readonly faults: readonly Fault<LiveSystem>[];
  /** Writes that no finding offers, as people type them. */
  readonly writes: readonly string[];
}
