import type { Connector } from "../core/action.ts";

/** Every connector, one line each. */
export const connectors: readonly Connector[] = [];
