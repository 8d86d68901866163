import { apiDown } from "./api-down.ts";
import { blockedCheckout } from "./blocked-checkout.ts";
import { cacheDown } from "./cache-down.ts";
import { databaseDown } from "./database-down.ts";
import type { Fault } from "./fault.ts";
import { forgottenTransaction } from "./forgotten-transaction.ts";
import { idleReports } from "./idle-reports.ts";
import { logFolderFull } from "./log-folder-full.ts";
import { memoryLeak } from "./memory-leak.ts";
import { migrationQueue } from "./migration-queue.ts";
import { poolExhausted } from "./pool-exhausted.ts";
import { redisNoeviction } from "./redis-noeviction.ts";
import { redisTooSmall } from "./redis-too-small.ts";
import { runawayReport } from "./runaway-report.ts";
import { slowStorm } from "./slow-storm.ts";
import { stuckAdvisoryLock } from "./stuck-advisory-lock.ts";
import { uploadFolderFull } from "./upload-folder-full.ts";

/** Everything that can be broken, in the order of the panel. */
const FAULTS: readonly Fault[] = [
  poolExhausted,
  idleReports,
  blockedCheckout,
  migrationQueue,
  stuckAdvisoryLock,
  forgottenTransaction,
  runawayReport,
  slowStorm,
  logFolderFull,
  uploadFolderFull,
  memoryLeak,
  redisNoeviction,
  redisTooSmall,
  databaseDown,
  cacheDown,
  apiDown,
];

/** What can be broken here: without redis-server nothing of Redis, without Linux nothing of the machine. */
export const faultsFor = (machine: { redis: boolean; linux: boolean }): readonly Fault[] =>
  FAULTS.filter(
    (fault) =>
      (machine.redis || fault.rule.needsRedis !== true) && (machine.linux || fault.rule.needsLinux !== true),
  );
