import type { Catalog } from "../../core/ports/catalog.ts";
import type { Reader } from "../../core/ports/reader.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Door } from "../receive.ts";
import type { SlackApi } from "./api.ts";
import type { Identity } from "./identity.ts";

/** What every listener of the Slack door works with. */
export interface SlackContext {
  readonly api: SlackApi;
  readonly identity: Identity;
  readonly door: Door;
  readonly catalog: Catalog;
  readonly reader: Reader;
  readonly logger: Logger;
  /** The process ends: nothing waits for Slack any more. */
  readonly stopping: AbortSignal;
}
