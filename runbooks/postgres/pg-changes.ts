import { postgres, runbookOn, z } from "../../src/sdk/index.ts";
import { growthFinding } from "./growth.ts";
import { adviseSafe, settingFindings } from "./setting-changes.ts";

/** What is otherwise than at the last look: sizes and settings; and settings that give up data or safety. Compares with the run before. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-changes",
    title: "Postgres sizes and settings since the last look",
    alerts: ["PostgresqlConfigurationChanged", "PostgresConfigurationChanged", "PostgresqlDatabaseGrowth"],
    compares: true,
    params: z.object({
      growMiB: z
        .int()
        .min(1)
        .max(1_000_000_000)
        .default(1_024)
        .describe("report tables and indexes that grew by at least this much since the last look, in MiB"),
      growShare: z
        .number()
        .min(0)
        .max(100)
        .default(0.1)
        .describe("and by at least this share of what they were"),
    }),
  },
  () => ({ sizes: postgres.relationSizes(), settings: postgres.settings() }),
);

export const pgChanges = book
  .remedies({
    lookAtGrowth: book.advises(
      "Find out what writes there, and what should leave",
      "low",
      "Is it more of what there should be (new customers, an import), or what nobody deletes (logs, events, sessions, jobs that are done)? For those: partitions by time that are dropped whole. If rows are deleted and it grows all the same, pg-vacuum says what keeps them; pg-indexes names indexes that nobody reads. disk-full on its machine says how long the disk lasts.",
    ),
    askWhoChanged: book.advises(
      "Find out who changed it",
      "low",
      'SELECT name, setting, source, sourcefile, sourceline FROM pg_settings says where a value comes from: postgresql.auto.conf is ALTER SYSTEM, other files are the configuration management\'s, the command line the orchestrator\'s. The server log has `parameter "…" changed to "…"` with the time of each reload. Back with ALTER SYSTEM RESET <name> and SELECT pg_reload_conf(), or there where it was set.',
    ),
    makeSafe: book.advises("Set it back", "high", ({ settings }, { before }) =>
      adviseSafe(settings, postgres.earlierSettings(before?.settings?.value)),
    ),
  })
  .findings((find) => [
    find(["settings"], ({ settings }, { before }) =>
      settingFindings(settings, postgres.earlierSettings(before?.settings?.value)),
    ),
    find(["sizes"], ({ sizes }, { params, before }) =>
      growthFinding(sizes, postgres.earlierSizes(before?.sizes?.value), {
        bytes: params.growMiB * 1_048_576,
        share: params.growShare,
      }),
    ),
  ]);
