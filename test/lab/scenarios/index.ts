import type { Scenario } from "../words.ts";
import { cpuLimit } from "./docker/cpu-limit.ts";
import { containerExited } from "./docker/exited.ts";
import { killedForMemory } from "./docker/killed-for-memory.ts";
import { restartLoop } from "./docker/restart-loop.ts";
import { containerUnhealthy } from "./docker/unhealthy.ts";
import { hubLimited } from "./examples/hub-limited.ts";
import { memoryFlagged } from "./examples/memory-flagged.ts";
import { modelFileMissing } from "./examples/model-file-missing.ts";
import { packageVulnerable } from "./examples/package-vulnerable.ts";
import { permissionMissing } from "./examples/permission-missing.ts";
import { sandboxOpen } from "./examples/sandbox-open.ts";
import { diskFull } from "./host/disk-full.ts";
import { environmentIncomplete } from "./host/environment-incomplete.ts";
import { gpuDriver } from "./host/gpu-driver.ts";
import { portTaken } from "./host/port-taken.ts";
import { processOverBudget } from "./host/process-over-budget.ts";
import { breakerOpen } from "./http/breaker-open.ts";
import { credentialsRefused } from "./http/credentials-refused.ts";
import { dashboardMissing } from "./http/dashboard-missing.ts";
import { dependencyRefused } from "./http/dependency-refused.ts";
import { modelDown } from "./http/model-down.ts";
import { rateLimited } from "./http/rate-limited.ts";
import { slowProvider } from "./http/slow-provider.ts";
import { tokenExpired } from "./http/token-expired.ts";
import { oneByOne } from "./jaeger/one-by-one.ts";
import { autoscalerAtMaximum } from "./kubernetes/autoscaler-at-maximum.ts";
import { podCpuLimit } from "./kubernetes/cpu-limit.ts";
import { podOutOfMemory } from "./kubernetes/out-of-memory.ts";
import { failedLogins } from "./logs/failed-logins.ts";
import { mongoCollectionScans } from "./mongodb/collection-scans.ts";
import { mongoConnectionsTaken } from "./mongodb/connections-taken.ts";
import { mysqlHeldRow } from "./mysql/held-row.ts";
import { poolHeld } from "./pgbouncer/pool-held.ts";
import { blockedSessions } from "./postgres/blocked-sessions.ts";
import { deadRows } from "./postgres/dead-rows.ts";
import { postgresDown } from "./postgres/down.ts";
import { invalidIndex } from "./postgres/invalid-index.ts";
import { longStatement } from "./postgres/long-statement.ts";
import { missingIndex } from "./postgres/missing-index.ts";
import { poolExhausted } from "./postgres/pool-exhausted.ts";
import { staleStatistics } from "./postgres/stale-statistics.ts";
import { errorRate } from "./prometheus/error-rate.ts";
import { slowRoute } from "./prometheus/slow-route.ts";
import { targetDown } from "./prometheus/target-down.ts";
import { noConsumer } from "./rabbitmq/no-consumer.ts";
import { blockedByScript } from "./redis/blocked-by-script.ts";
import { redisFull } from "./redis/full.ts";
import { lowHitRate } from "./redis/low-hit-rate.ts";
import { queuePaused } from "./redis/queue-paused.ts";
import { unitCrashed } from "./systemd/crashed.ts";
import { dependencyWasAway } from "./systemd/dependency-was-away.ts";
import { importError } from "./systemd/import-error.ts";
import { missingSetting } from "./systemd/missing-setting.ts";
import { portInUse } from "./systemd/port-in-use.ts";
import { certificateExpired } from "./tls/expired.ts";

/** Every scenario of the lab; those of one component stand together. */
export const SCENARIOS: readonly Scenario[] = [
  ...[
    blockedSessions,
    poolExhausted,
    longStatement,
    missingIndex,
    staleStatistics,
    deadRows,
    invalidIndex,
    postgresDown,
    poolHeld,
  ],
  mysqlHeldRow,
  ...[redisFull, lowHitRate, blockedByScript, queuePaused],
  ...[rateLimited, slowProvider, modelDown, dependencyRefused, tokenExpired, dashboardMissing],
  ...[credentialsRefused, breakerOpen, failedLogins],
  ...[certificateExpired, diskFull, processOverBudget, portTaken, environmentIncomplete],
  ...[containerExited, killedForMemory, restartLoop, containerUnhealthy, cpuLimit],
  ...[portInUse, missingSetting, importError, unitCrashed, dependencyWasAway],
  ...[noConsumer, errorRate, slowRoute, targetDown, podOutOfMemory, autoscalerAtMaximum, podCpuLimit],
  ...[mongoConnectionsTaken, mongoCollectionScans, oneByOne, gpuDriver],
  ...[modelFileMissing, hubLimited, sandboxOpen, permissionMissing, packageVulnerable, memoryFlagged],
];
