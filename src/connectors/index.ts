import type { Connector } from "../core/action.ts";
import { dockerConnector } from "./docker/index.ts";
import { hostConnector } from "./host/index.ts";

/** Every connector, one line each. */
export const connectors: readonly Connector[] = [dockerConnector, hostConnector];
