import {
  type ConnectionKind,
  clip,
  code,
  count,
  type Finding,
  HEALTH_RUNBOOK,
  kinds,
  orThreshold,
  type Runbook,
  rows,
  runbookOn,
  z,
} from "../../src/sdk/index.ts";
import { type Matrix, matrixOn } from "./matrix.ts";
import type { Row } from "./row.ts";

type Broken = Row & Required<Pick<Row, "trouble">>;

/** Every component of a system asked once: what works, what does not, and why. Guides: health matrices and health endpoints. */
const bookOn = ({ probesOf, tracesOf }: Matrix) =>
  runbookOn(
    [],
    {
      id: HEALTH_RUNBOOK,
      title: "Health of all components",
      covers: [
        "resync.health-endpoints",
        "tektra.system-health",
        "tektra.network-connectivity",
        "sergas-accounts.lb-health-check",
        "ai-saas.dependency-health",
        "sergas-accounts.health-matrix",
        "resync.api-not-accessible",
        "resync.model-not-responding",
        "sergas-accounts.cognee-restart",
        "resync.tws-connection-failure",
        "sergas-accounts.first-response",
        "tektra.load-balancer-nginx",
        "sergas-agents.quick-reference",
      ],
      alerts: [
        "ServiceDown",
        "InstanceDown",
        "HealthCheckFailed",
        "HealthCheckFailing",
        "EndpointDown",
        "BlackboxProbeHttpFailure",
        "APIDown",
        "ServiceUnavailable",
        "BlackboxProbeFailed",
        "ProbeFailed",
        "TraefikServiceDown",
        "HaproxyServerDown",
        "HaproxyBackendDown",
      ],
      params: z.object({
        slowSeconds: orThreshold(
          "p95Seconds",
          "a component that answers later is slow",
          z.number().min(0.01).max(30),
        ),
      }),
      explains: "all",
    },
    ({ system }) => probesOf(system.connections),
  ).andThen.all((seen, { system }) => tracesOf(system.connections, seen));

/** The runbook over these kinds of connections. */
export function serviceHealthOn(kinds: readonly ConnectionKind[]): Runbook {
  const matrix = matrixOn(kinds);
  const book = bookOn(matrix);
  return book
    .remedies({
      repairComponents: book.advises.all(
        "Repair the broken components",
        "high",
        (seen, { system, params: { slowSeconds }, thresholds }) =>
          matrix
            .rowsOf(system.connections, seen, { slowSeconds, thresholds })
            .filter(isBroken)
            .flatMap(({ name, trouble: { next } }) => (next === "" ? [] : [`${name}: ${next}`]))
            .join("\n"),
      ),
    })
    .findings((find) => [
      find.all((seen, { system, params: { slowSeconds }, thresholds }) => {
        if (system.connections.length === 0) return nothingToAsk(system.id);
        const all = matrix.rowsOf(system.connections, seen, { slowSeconds, thresholds });
        const broken = all.filter(isBroken);
        const found = broken.length === 0 ? [] : [summary(all, broken), ...broken.map(component)];
        return [...found, onlyReached(all.filter((row) => row.isOnlyReached && !isBroken(row)))];
      }),
    ]);
}

export const serviceHealth = serviceHealthOn(kinds);

const isBroken = (row: Row): row is Broken => row.trouble !== undefined;

function summary(matrix: readonly Row[], broken: readonly Broken[]): Finding<"repairComponents"> {
  const names = broken.map(({ name, trouble }) => `${name} (${clip(trouble.word, 60)})`);
  return {
    id: "matrix",
    severity: broken.some(({ trouble }) => trouble.severity === "critical") ? "critical" : "warning",
    title: `${broken.length} of ${count(matrix.length, "component")} not healthy: ${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`,
    because: "Every connection of the system was asked once; each broken one has a finding of its own.",
    evidence: [
      rows("", matrix, {
        component: ({ name }) => name,
        kind: ({ kind }) => kind,
        state: ({ word, trouble }) => (trouble === undefined ? word : `✗ ${word}`),
      }),
    ],
    remedies: ["repairComponents"],
  };
}

/** A port that takes a connection is not a service that works: nobody may read it so. */
const onlyReached = (rows: readonly Row[]): Finding<never> | false =>
  rows.length > 0 && {
    id: "only-reached",
    severity: "info",
    title: `Only reached, not asked: ${rows
      .slice(0, 3)
      .map(({ place }) => place)
      .join(", ")}${rows.length > 3 ? ` and ${rows.length - 3} more` : ""}`,
    because:
      "The port accepts a connection and says nothing by itself, which is all that diagbot can see of it: many services wait for the client to speak, and so does one that hangs. Declared with its own kind in diagbot.yaml (http, postgres, redis, …) it is asked.",
  };

const component = ({ name, place, trouble }: Broken): Finding<never> => ({
  id: `component:${name}`.slice(0, 100),
  severity: trouble.severity,
  ...(trouble.severity === "critical" ? { damage: "disruption" as const } : {}),
  title: `${name.includes("/") ? name : place}: ${trouble.word}`,
  because: trouble.because,
  evidence: [
    ...(trouble.parts === undefined || trouble.parts.length === 0
      ? []
      : [rows("", trouble.parts, { part: ({ name: part }) => part, state: ({ status }) => status })]),
    ...(trouble.excerpt === undefined ? [] : [code(trouble.excerpt, "answer")]),
  ],
});

const nothingToAsk = (system: string): Finding<never> => ({
  id: "no-connections",
  severity: "info",
  title: `${system} has no connections`,
  because:
    "diagbot.yaml lists no connection for this system, so there is nothing to ask. Add them under `connections:`.",
});
