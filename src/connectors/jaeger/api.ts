import type { ActionContext } from "../../core/words/action.ts";
import type { Trace } from "./span.ts";

/** What is asked for: traces with a span of this service that took at least so long, within a time. Seconds since 1970. */
export interface Wanted {
  readonly service: string;
  readonly from: number;
  readonly to: number;
  /** 0: any. */
  readonly seconds: number;
  readonly limit: number;
}

export interface FoundTraces {
  readonly traces: readonly Trace[];
  /** As many as were asked for: there may be more, and slower ones among them. */
  readonly more: boolean;
  /** Traces that were found and could not be read. */
  readonly unread: number;
}

/** What both say alike. */
export interface TraceApi {
  services(context: ActionContext): Promise<string[]>;
  search(wanted: Wanted, context: ActionContext): Promise<FoundTraces>;
}

/** JSON of a GET below the connection's URL. Throws DiagError: `target_auth`, `target_error` with the status as `detail`. */
export type GetJson = (
  path: string,
  params: Readonly<Record<string, string>>,
  context: ActionContext,
) => Promise<unknown>;
