import type { Runbook } from "../src/sdk/index.ts";
import { alerting } from "./alertmanager/alerting.ts";
import { containerChange } from "./docker/container-change.ts";
import { containerFailure } from "./docker/container-failure.ts";
import { containerNetwork } from "./docker/container-network.ts";
import { serviceHealth } from "./health/service-health.ts";
import { blockIp } from "./host/block-ip.ts";
import { diskFull } from "./host/disk-full.ts";
import { diskHealth } from "./host/disk-health.ts";
import { envConfig } from "./host/env-config.ts";
import { firewallBook } from "./host/firewall.ts";
import { gpuHealth } from "./host/gpu-health.ts";
import { highMemory } from "./host/high-memory.ts";
import { hostClock } from "./host/host-clock.ts";
import { hostCpu } from "./host/host-cpu.ts";
import { hostLimits } from "./host/host-limits.ts";
import { hostNetwork } from "./host/host-network.ts";
import { hostStalls } from "./host/host-stalls.ts";
import { hostSwap } from "./host/host-swap.ts";
import { logRotation } from "./host/log-rotation.ts";
import { pgBackups } from "./host/pg-backups.ts";
import { portConflict } from "./host/port-conflict.ts";
import { externalApi } from "./http/external-api.ts";
import { slowTraces } from "./jaeger/slow-traces.ts";
import { k8sCapacity } from "./kubernetes/k8s-capacity.ts";
import { k8sChange } from "./kubernetes/k8s-change.ts";
import { k8sJobs } from "./kubernetes/k8s-jobs.ts";
import { k8sPooler } from "./kubernetes/k8s-pooler.ts";
import { k8sService } from "./kubernetes/k8s-service.ts";
import { k8sStop } from "./kubernetes/k8s-stop.ts";
import { k8sWorkload } from "./kubernetes/k8s-workload.ts";
import { balancerChecks } from "./logs/balancer-checks.ts";
import { logsExposure } from "./logs/logs-exposure.ts";
import { logsSearch } from "./logs/logs-search.ts";
import { mongoConnections } from "./mongodb/mongo-connections.ts";
import { mongoReplication } from "./mongodb/mongo-replication.ts";
import { mongoSlowQueries } from "./mongodb/mongo-slow-queries.ts";
import { mysqlConnections } from "./mysql/mysql-connections.ts";
import { mysqlConnectivity } from "./mysql/mysql-connectivity.ts";
import { mysqlLocks } from "./mysql/mysql-locks.ts";
import { mysqlReplication } from "./mysql/mysql-replication.ts";
import { mysqlSlowQueries } from "./mysql/mysql-slow-queries.ts";
import { tcpDependency } from "./network/tcp-dependency.ts";
import { tlsExpiry } from "./network/tls-expiry.ts";
import { nginxUpstreams } from "./nginx/nginx-upstreams.ts";
import { pgbouncerPools } from "./pgbouncer/pgbouncer-pools.ts";
import { pgArchive } from "./postgres/pg-archive.ts";
import { pgChanges } from "./postgres/pg-changes.ts";
import { pgConnectionLimit } from "./postgres/pg-connection-limit.ts";
import { pgConnectivity } from "./postgres/pg-connectivity.ts";
import { pgIndexes } from "./postgres/pg-indexes.ts";
import { pgIo } from "./postgres/pg-io.ts";
import { pgLocks } from "./postgres/pg-locks.ts";
import { pgPoolExhausted } from "./postgres/pg-pool-exhausted.ts";
import { pgQueryLogging } from "./postgres/pg-query-logging.ts";
import { pgRetention } from "./postgres/pg-retention.ts";
import { pgSlowQueries } from "./postgres/pg-slow-queries.ts";
import { pgVacuum } from "./postgres/pg-vacuum.ts";
import { capacity } from "./prometheus/capacity.ts";
import { highErrorRate } from "./prometheus/high-error-rate.ts";
import { monitoring } from "./prometheus/monitoring.ts";
import { slowResponses } from "./prometheus/slow-responses.ts";
import { rabbitmqBacklog } from "./rabbitmq/rabbitmq-backlog.ts";
import { queueBacklog } from "./redis/queue-backlog.ts";
import { redisConnectivity } from "./redis/redis-connectivity.ts";
import { redisHitRate } from "./redis/redis-hit-rate.ts";
import { redisKeys } from "./redis/redis-keys.ts";
import { redisMemory } from "./redis/redis-memory.ts";
import { unitChange } from "./systemd/unit-change.ts";
import { unitFailure } from "./systemd/unit-failure.ts";

/** Every runbook, one line each, in the order people see them. */
export const runbooks: readonly Runbook[] = [
  serviceHealth,
  containerFailure,
  containerNetwork,
  containerChange,
  unitFailure,
  unitChange,
  k8sWorkload,
  balancerChecks,
  logsSearch,
  logsExposure,
  k8sService,
  k8sCapacity,
  k8sChange,
  k8sJobs,
  k8sPooler,
  k8sStop,
  diskFull,
  diskHealth,
  highMemory,
  hostLimits,
  hostClock,
  hostNetwork,
  hostStalls,
  hostCpu,
  hostSwap,
  logRotation,
  portConflict,
  envConfig,
  pgBackups,
  firewallBook,
  blockIp,
  pgPoolExhausted,
  pgConnectionLimit,
  pgQueryLogging,
  pgRetention,
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
  monitoring,
  slowResponses,
  capacity,
  redisKeys,
  slowTraces,
  redisMemory,
  redisHitRate,
  redisConnectivity,
  rabbitmqBacklog,
  queueBacklog,
  nginxUpstreams,
  gpuHealth,
  mongoConnections,
  mongoSlowQueries,
  mongoReplication,
  mysqlConnections,
  mysqlConnectivity,
  mysqlLocks,
  mysqlReplication,
  mysqlSlowQueries,
  alerting,
];
