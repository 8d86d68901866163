import { opsRoutes } from "../ingress/http/routes.ts";
import { createHttpServer } from "../ingress/http/server.ts";
import { combineHealth } from "../telemetry/health.ts";
import { deliveryHealth } from "./delivery.ts";
import type { AppDeps } from "./deps.ts";
import { healthReport, postgresHealth } from "./health.ts";
import { knowledgeHealth } from "./knowledge.ts";
import type { Part } from "./part.ts";

const CLOSE_MS = 5_000;

/** Health and metrics only: for a worker that runs on its own. */
export async function opsPart(
  deps: AppDeps,
  health: Part["health"],
): Promise<Part & { readonly port: number }> {
  const { environment } = deps.config;
  const delivery =
    environment.slack === undefined ? {} : { delivery: () => deliveryHealth(deps.store.messages) };
  const runbooks = async () => knowledgeHealth(deps.knowledge, deps.redact);
  const all = { postgres: () => postgresHealth(deps), runbooks, ...delivery, ...health };
  const server = createHttpServer({
    logger: deps.logger,
    routes: opsRoutes({
      health: async () => healthReport(await combineHealth(all)),
      metrics: async () => ({ contentType: deps.metrics.contentType, text: await deps.metrics.text() }),
    }),
  });
  const { port } = await server.listen(
    environment.ops?.port ?? environment.port,
    environment.ops?.host ?? environment.host,
  );
  return { name: "ops", port, health: {}, stop: () => server.close(CLOSE_MS) };
}
