import type { HealthReport } from "../ingress/http/routes.ts";
import type { combineHealth, Health } from "../telemetry/health.ts";
import type { AppDeps } from "./deps.ts";

/** Whether our own database answers, and how soon. Rejects where it does not. */
export async function postgresHealth({ pool }: AppDeps): Promise<Health> {
  const began = performance.now();
  await pool.query("SELECT 1");
  return { ok: true, detail: `${(performance.now() - began).toFixed(0)} ms` };
}

/** Without Postgres nothing can be accepted. Everything else only degrades: the rows wait. */
export function healthReport(report: Awaited<ReturnType<typeof combineHealth>>): HealthReport {
  const ready = report.components.postgres?.ok === true;
  const components = Object.entries(report.components).map(([name, { ok, detail }]) => [
    name,
    { status: ok ? "ok" : "down", ...(detail === undefined ? {} : { detail }) },
  ]);
  return { status: ready ? report.status : "down", ready, components: Object.fromEntries(components) };
}
