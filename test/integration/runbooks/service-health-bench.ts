import type { RequestListener } from "node:http";
import { serviceHealth } from "../../../runbooks/health/service-health.ts";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import { networkConnector } from "../../../src/connectors/network/index.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { redisConnector } from "../../../src/connectors/redis/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { webServer } from "../../helpers/web-server.ts";

const connectors = [
  httpConnector,
  networkConnector,
  postgresConnector,
  prometheusConnector,
  redisConnector,
] as Connector[];
/** What a test leaves to be ended. */
export const cleanups: (() => Promise<unknown>)[] = [];
/** Ends it. For `afterEach` of the file: one in here would be of the first file that reads this only. */
export const endAll = async (): Promise<void> => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
};

export const diagnose = (connections: Record<string, unknown>, params = {}) => {
  const bench = openBench({ connections, connectors });
  cleanups.push(bench.close);
  return bench.diagnose(serviceHealth, params);
};
export const serve = async (handler: RequestListener): Promise<string> => {
  const server = await webServer(handler);
  cleanups.push(server.close);
  return `http://127.0.0.1:${server.port}`;
};
export const json = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): RequestListener => {
  return (_request, answer) =>
    answer.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};
/** A connection to a service that answers so. */
export const api = async (handler: RequestListener, more: Record<string, unknown> = {}) => ({
  api: { kind: "http", url: await serve(handler), ...more },
});
