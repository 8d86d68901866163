import { postgres, runbookOn, sayBytes, z } from "../../src/sdk/index.ts";
import { ioFindings, spillerIn } from "./io-words.ts";

/** What the server reads and writes more than it should: checkpoints, temporary files, cache. Compares with the run before. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-io",
    title: "Postgres checkpoints, temporary files and cache",
    alerts: [
      "PostgresqlTooManyCheckpoints",
      "PostgresqlLowCacheHitRatio",
      "PostgresCacheHitRatio",
      "PostgreSQLCacheHitRatio",
      "PostgresqlTempFiles",
    ],
    compares: true,
    params: z.object({
      spillMiB: z
        .int()
        .min(1)
        .max(100_000_000)
        .default(5_120)
        .describe("report temporary files above this in a day, in MiB"),
      hitRatio: z
        .number()
        .min(0)
        .max(1)
        .default(0.9)
        .describe("report when less than this share of block reads is found in shared_buffers"),
    }),
  },
  () => ({ io: postgres.io() }),
);

export const pgIo = book
  .remedies({
    moreWal: book.advises("Let more WAL come before a checkpoint", "low", ({ io }) => {
      const to = sayBytes(Math.max(4 * (io?.maxWalBytes ?? 0), 4 * 1_073_741_824));
      return `Where the disk of pg_wal has room for it (and recovery after a crash may take longer): raise max_wal_size, to about ${to}, with ALTER SYSTEM SET max_wal_size, then SELECT pg_reload_conf(); no restart. Look also whether a bulk load makes the WAL (COPY in one transaction with the table, unlogged stage tables) and at wal_compression. Do not switch full_page_writes off.`;
    }),
    whoAsks: book.advises(
      "Find who asks for checkpoints",
      "low",
      "With log_checkpoints = on the server log says of each what asked for it (wal, time, immediate force wait: a command). Commands that ask for one: CHECKPOINT of a script, pg_basebackup and other backups, CREATE DATABASE, ALTER TABLESPACE.",
    ),
    moreMemory: book.advises(
      "Give that statement more memory, not all of them",
      "low",
      ({ io }, { before }) =>
        io !== undefined && spillerIn(io, postgres.earlierIo(before?.io?.value))?.isMaintenance === true
          ? "It builds an index or rewrites a table: SET maintenance_work_mem for the session that does it. One night a month of that is no matter."
          : `First let it sort less: an index in the order it asks for, fewer columns, a LIMIT that the plan can use; stale statistics make hashes too large (ANALYZE). Then give more to whoever runs it: ALTER ROLE <role> SET work_mem, about two to three times what a call writes. Not for all: each sort or hash of each session may take it (now ${sayBytes(io?.workMemBytes ?? 0)}). log_temp_files = '10MB' names each in the log.`,
    ),
    lookAtCache: book.advises(
      "Find what reads past the cache",
      "low",
      "Run pg-slow-queries (plans that read whole tables) and look at pg_stat_statements by shared_blks_read. After a restart it is cold for a while: pg_prewarm. Raise shared_buffers (restart; about a quarter of the memory) only where the same statements always read what does not fit.",
    ),
  })
  .findings((find) => [
    find(["io"], ({ io }, { params, before }) =>
      ioFindings(io, postgres.earlierIo(before?.io?.value), {
        spillBytes: params.spillMiB * 1_048_576,
        hitRatio: params.hitRatio,
      }),
    ),
  ]);
