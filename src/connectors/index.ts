import type { Connector } from "../core/words/action.ts";
import { dockerConnector } from "./docker/index.ts";
import { hostConnector } from "./host/index.ts";
import { httpConnector } from "./http/index.ts";
import { networkConnector } from "./network/index.ts";
import { postgresConnector } from "./postgres/index.ts";
import { prometheusConnector } from "./prometheus/index.ts";
import { redisConnector } from "./redis/index.ts";

/** Every connector, one line each. */
export const connectors: readonly Connector[] = [
  dockerConnector,
  hostConnector,
  httpConnector,
  networkConnector,
  prometheusConnector,
  postgresConnector,
  redisConnector,
];
