import { postgres, runbookOn, sayDuration, z } from "../../src/sdk/index.ts";
import { adviseRewrite, tableBloatFinding } from "./bloat.ts";
import { holdersOf, isBehind, isOverAge, overdueFindings, toFreeze, toVacuum } from "./overdue.ts";
import { adviseHolders, adviseVacuum, horizonFindings, longHolders } from "./vacuum.ts";

/** Is autovacuum behind, on what, and why; what is not frozen, and what holds it back. Guides: database maintenance. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-vacuum",
    title: "Postgres vacuum and freezing",
    covers: ["tektra.db-maintenance", "sergas-accounts.table-bloat", "sergas-accounts.vacuum-full"],
    alerts: [
      "PostgresqlTableNotAutoVacuumed",
      "PostgresqlTableNotVacuumed",
      "PostgresqlTooManyDeadTuples",
      "PostgresDeadTuples",
      "PostgresqlWraparound",
      "PostgresTransactionIdWraparound",
      "PostgresVacuumBehind",
    ],
    params: z.object({
      minimumRows: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .default(10_000)
        .describe("leave out tables with fewer dead rows than this"),
      bloatMiB: z
        .int()
        .min(0)
        .max(1_000_000_000)
        .default(100)
        .describe("report tables with at least this much empty space, if it is most of them, in MiB"),
    }),
  },
  ({ params }) => ({
    bloat: postgres.tableBloat({ minimumBytes: params.bloatMiB * 1_048_576 }),
    vacuum: postgres.vacuumState({ minimumRows: params.minimumRows }),
    horizon: postgres.horizon(),
  }),
);

export const pgVacuum = book
  .remedies({
    endHolders: book.advises("End what keeps the dead rows", "high", ({ vacuum, horizon }) =>
      adviseHolders([...holdersOf(vacuum, horizon), ...longHolders(horizon)]),
    ),
    turnOn: book.advises("Let autovacuum work", "low", ({ vacuum }) => {
      const off = (vacuum?.tables ?? []).filter((one) => !one.isEnabled && isBehind(one)).slice(0, 5);
      const tables = off.map(({ table, isToast }) =>
        isToast
          ? `ALTER TABLE ${table} RESET (toast.autovacuum_enabled)`
          : `ALTER TABLE ${table} RESET (autovacuum_enabled)`,
      );
      const settings = [
        ...(vacuum?.autovacuum === false ? ["ALTER SYSTEM RESET autovacuum"] : []),
        ...(vacuum?.trackCounts === false ? ["ALTER SYSTEM RESET track_counts"] : []),
      ];
      return `${[...settings, ...(settings.length > 0 ? ["SELECT pg_reload_conf()"] : []), ...tables].join("; ")}. Find out first who switched it off (often for a bulk load, and never back); where it is given on the command line or for the role or database, take it away there. If it disturbed others, give the table its own pace instead: autovacuum_vacuum_cost_delay as an option of the table.`;
    }),
    vacuumBehind: book.does(
      postgres.vacuumTable,
      ["vacuum", "horizon?"],
      ({ vacuum, horizon }) => toVacuum(vacuum, horizon),
      {
        title: "Vacuum and analyze these tables now",
        recheck: ["vacuum"],
        holds: ({ vacuum }, done) =>
          !vacuum.tables.some((one) => isBehind(one) && done.some(({ input }) => input.table === one.table)),
      },
    ),
    freezeOld: book.does(
      postgres.vacuumTable,
      ["vacuum", "horizon?"],
      ({ vacuum, horizon }) => toFreeze(vacuum, horizon),
      {
        title: "Freeze these tables now",
        recheck: ["vacuum"],
        holds: ({ vacuum }, done) =>
          !vacuum.tables.some((one) => isOverAge(one) && done.some(({ input }) => input.table === one.table)),
      },
    ),
    vacuumTables: book.advises("Vacuum these tables, and let it come earlier", "low", ({ vacuum }) => {
      const behind = (vacuum?.tables ?? []).filter(isBehind).slice(0, 3);
      const large = behind.filter(({ rows }) => rows >= 10_000_000);
      const sooner =
        large.length === 0
          ? ""
          : ` A share of a big table is many rows: ${large.map(({ table }) => `ALTER TABLE ${table} SET (autovacuum_vacuum_scale_factor = 0.01)`).join("; ")}.`;
      const nap = sayDuration((vacuum?.naptimeSeconds ?? 60) * 1000);
      return `Look again after ${nap}: a worker may be on its way. Otherwise, each alone and outside a transaction: ${behind.map(({ table }) => `VACUUM (VERBOSE, ANALYZE) ${table}`).join("; ")}; it blocks no reader or writer, and says how many dead rows it may not remove.${sooner} Where all workers are busy: raise autovacuum_vacuum_cost_limit (they share it) before autovacuum_max_workers (restart). Never VACUUM FULL during work: it locks the table.`;
    }),
    freezeTables: book.advises("Freeze these tables", "low", ({ vacuum }) => {
      const old = (vacuum?.tables ?? []).filter(isOverAge).slice(0, 5);
      return `First end what holds vacuum back, where something does. Then, each alone and outside a transaction: ${old.map(({ table }) => `VACUUM (FREEZE, VERBOSE) ${table}`).join("; ") || "VACUUM (FREEZE, VERBOSE) the tables with the oldest relminmxid"}. If it fails, its message is the cause (a damaged row, a full disk). No VACUUM FULL, no restart, no single-user mode.`;
    }),
    rewriteTables: book.advises("Give the empty space back, if it matters", "high", ({ bloat }) =>
      adviseRewrite(bloat),
    ),
    vacuumNow: book.advises("Vacuum before the numbers run out", "high", ({ horizon }) =>
      adviseVacuum(horizon),
    ),
  })
  .findings((find) => [
    find(["vacuum", "horizon?"], ({ vacuum, horizon }) => overdueFindings(vacuum, horizon)),
    find(["horizon"], ({ horizon }) => horizonFindings(horizon)),
    find(["bloat"], ({ bloat }) => tableBloatFinding(bloat)),
  ]);
