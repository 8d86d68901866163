import type { Runbook } from "../src/sdk/index.ts";
import { containerFailure } from "./docker/container-failure.ts";
import { serviceHealth } from "./health/service-health.ts";
import { diskFull } from "./host/disk-full.ts";
import { highMemory } from "./host/high-memory.ts";
import { hostClock } from "./host/host-clock.ts";
import { hostLimits } from "./host/host-limits.ts";
import { hostStalls } from "./host/host-stalls.ts";
import { externalApi } from "./http/external-api.ts";
import { k8sCapacity } from "./kubernetes/k8s-capacity.ts";
import { k8sJobs } from "./kubernetes/k8s-jobs.ts";
import { k8sService } from "./kubernetes/k8s-service.ts";
import { k8sWorkload } from "./kubernetes/k8s-workload.ts";
import { logsSearch } from "./logs/logs-search.ts";
import { tcpDependency } from "./network/tcp-dependency.ts";
import { tlsExpiry } from "./network/tls-expiry.ts";
import { pgbouncerPools } from "./pgbouncer/pgbouncer-pools.ts";
import { pgArchive } from "./postgres/pg-archive.ts";
import { pgChanges } from "./postgres/pg-changes.ts";
import { pgConnectivity } from "./postgres/pg-connectivity.ts";
import { pgIndexes } from "./postgres/pg-indexes.ts";
import { pgIo } from "./postgres/pg-io.ts";
import { pgLocks } from "./postgres/pg-locks.ts";
import { pgPoolExhausted } from "./postgres/pg-pool-exhausted.ts";
import { pgSlowQueries } from "./postgres/pg-slow-queries.ts";
import { pgVacuum } from "./postgres/pg-vacuum.ts";
import { highErrorRate } from "./prometheus/high-error-rate.ts";
import { slowResponses } from "./prometheus/slow-responses.ts";
import { rabbitmqBacklog } from "./rabbitmq/rabbitmq-backlog.ts";
import { redisConnectivity } from "./redis/redis-connectivity.ts";
import { redisHitRate } from "./redis/redis-hit-rate.ts";
import { redisMemory } from "./redis/redis-memory.ts";
import { unitFailure } from "./systemd/unit-failure.ts";

/** Every runbook, one line each, in the order people see them. */
export const runbooks: readonly Runbook[] = [
  serviceHealth,
  containerFailure,
  unitFailure,
  k8sWorkload,
  logsSearch,
  k8sService,
  k8sCapacity,
  k8sJobs,
  diskFull,
  highMemory,
  hostLimits,
  hostClock,
  hostStalls,
  pgPoolExhausted,
  pgSlowQueries,
  pgLocks,
  pgConnectivity,
  pgVacuum,
  pgbouncerPools,
  pgIndexes,
  pgIo,
  pgArchive,
  pgChanges,
  externalApi,
  tlsExpiry,
  tcpDependency,
  highErrorRate,
  slowResponses,
  redisMemory,
  redisHitRate,
  redisConnectivity,
  rabbitmqBacklog,
];
