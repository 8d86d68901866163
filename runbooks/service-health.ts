import {
  clip,
  code,
  count,
  type Evidence,
  type Finding,
  HEALTH_RUNBOOK,
  runbook,
  table,
  z,
} from "../src/sdk.ts";
import { matrixOf, probesOf, tracesOf } from "./support/health-matrix.ts";
import type { Row } from "./support/health-row.ts";

type Remedy = "repairComponents";
type Broken = Row & { readonly trouble: NonNullable<Row["trouble"]> };

/** Every component of a system asked once: what works, what does not, and why. Guides: health matrices and health endpoints. */
export const serviceHealth = runbook({
  id: HEALTH_RUNBOOK,
  title: "Health of all components",
  needs: [],
  covers: [
    "resync.health-endpoints",
    "tektra.system-health",
    "ai-saas.dependency-health",
    "sergas-accounts.health-matrix",
  ],
  alerts: [
    { alertname: "ServiceDown" },
    { alertname: "InstanceDown" },
    { alertname: "HealthCheckFailed" },
    { alertname: "HealthCheckFailing" },
    { alertname: "EndpointDown" },
    { alertname: "BlackboxProbeHttpFailure" },
    { alertname: "APIDown" },
    { alertname: "ServiceUnavailable" },
  ],
  params: z.object({
    slowSeconds: z
      .number()
      .min(0.01)
      .max(30)
      .optional()
      .describe("a component that answers later is slow; empty: the system's p95Seconds"),
  }),
})
  .diagnose((_params, { system }) => probesOf(system.connections))
  .andThen((seen, { system }) => tracesOf(system.connections, seen))
  .findings((seen, { system, params, thresholds }): Finding<Remedy>[] => {
    if (system.connections.length === 0) return [nothingToAsk(system.id)];
    const slowSeconds = params.slowSeconds ?? thresholds.p95Seconds;
    const rows = matrixOf(system.connections, seen, { slowSeconds, thresholds });
    const broken = rows.filter((row): row is Broken => row.trouble !== undefined);
    return broken.length === 0 ? [] : [summary(rows, broken), ...broken.map(finding)];
  })
  .remedies({
    repairComponents: {
      title: "Repair the broken components",
      risk: "high",
      advice: (seen, { system, params, thresholds }) =>
        matrixOf(system.connections, seen, {
          slowSeconds: params.slowSeconds ?? thresholds.p95Seconds,
          thresholds,
        })
          .flatMap(({ name, trouble }) =>
            trouble === undefined || trouble.next === "" ? [] : [`${name}: ${trouble.next}`],
          )
          .join("\n"),
    },
  });

function summary(rows: readonly Row[], broken: readonly Broken[]): Finding<Remedy> {
  const names = broken.map(({ name, trouble }) => `${name} (${clip(trouble.word, 60)})`);
  const severities = broken.map(({ trouble }) => trouble.severity);
  return {
    id: "matrix",
    severity: severities.includes("critical") ? "critical" : "warning",
    title: `${broken.length} of ${count(rows.length, "component")} not healthy: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`,
    because: "Every connection of the system was asked once; each broken one has a finding of its own.",
    evidence: [
      table(
        ["component", "kind", "state"],
        rows.map(({ name, kind, word, trouble }) => [name, kind, trouble === undefined ? word : `✗ ${word}`]),
      ),
    ],
    remedies: ["repairComponents"],
  };
}

const finding = ({ name, place, trouble }: Broken): Finding<Remedy> => ({
  id: `component:${name}`.slice(0, 100),
  severity: trouble.severity,
  title: `${name.includes("/") ? name : place}: ${trouble.word}`,
  because: trouble.because,
  evidence: details(trouble),
});

function details({ excerpt, parts = [] }: Broken["trouble"]): Evidence[] {
  return [
    ...(parts.length === 0 ? [] : [table(["part", "state"], parts)]),
    ...(excerpt === undefined ? [] : [code(excerpt, "answer")]),
  ];
}

const nothingToAsk = (system: string): Finding<Remedy> => ({
  id: "no-connections",
  severity: "info",
  title: `${system} has no connections`,
  because:
    "diagbot.yaml lists no connection for this system, so there is nothing to ask. Add them under `connections:`.",
});
