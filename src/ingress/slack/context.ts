import type { Catalog, Intake, Reader } from "../../core/ports/ports.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { IngressMetrics } from "../metrics.ts";
import type { QueueTakes } from "../queue-away.ts";
import type { Door } from "../receive.ts";
import type { SlackApi } from "./api.ts";
import type { Identity } from "./identity.ts";

/** What every listener of the Slack door works with. */
export interface SlackContext {
  readonly api: SlackApi;
  readonly identity: Identity;
  readonly door: Door;
  readonly catalog: Catalog;
  readonly intake: Intake;
  readonly reader: Reader;
  readonly logger: Logger;
  readonly metrics?: IngressMetrics;
  readonly queueTakes?: QueueTakes;
}
