import { chosenOf, host, on, postgres, runbookOn, saySeconds, z } from "../../src/sdk/index.ts";

/** A transaction of this age, in seconds, is lost with a restart to somebody's cost. */
const LONG = 60;

/** Another number of connections, on request: written now, in force after a restart. Guide: pool exhausted, max_connections. */
const book = runbookOn(
  "postgres",
  {
    id: "pg-connection-limit",
    title: "Postgres connection limit",
    covers: ["sergas-accounts.pg-max-connections"],
    alerts: [],
    params: z.object({
      max: z.int().min(10).max(1_000).optional().describe("write this max_connections, by approval"),
      standbysFirst: z.boolean().default(false).describe("the standbys have it already, and were restarted"),
    }),
  },
  () => ({ limit: postgres.connectionLimit(), usage: postgres.connectionUsage() }),
).andThen([], (_seen, context) => {
  const machine = chosenOf(context, "host");
  return context.params.max === undefined || machine === undefined
    ? {}
    : { memory: on(machine.name, host.memory()) };
});

export const pgConnectionLimit = book
  .remedies({
    write: book.does(
      postgres.setConnectionLimit,
      ["limit", "memory?"],
      ({ limit, memory }, { params: { max, standbysFirst } }) =>
        max === undefined || limit.written === undefined
          ? undefined
          : {
              connections: max,
              from: limit.written,
              machineBytes: memory?.total ?? null,
              standbysFirst,
            },
    ),
    restart: book.advises(
      "Start the server anew",
      "high",
      "Standbys first, in a window, without a running backup or long transaction. By the unit of the cluster, never the umbrella: `/diag <system> unit-change unit=postgresql@<version>-<cluster>.service restart=true` (a fast shutdown; clients connect again). A container: its own restart. Afterwards `SHOW max_connections`, and whether the standbys follow.",
    ),
    poolFirst: book.advises(
      "Fit the pools before the limit",
      "low",
      "More connections make no statement quicker: every session costs memory, and more that run at once than there are processors wait for each other. Sum up pool size and overflow over all processes first (pg-pool-exhausted), and put PgBouncer in front (k8s-pooler, pgbouncer-pools).",
    ),
  })
  .findings((find) => [
    find(["limit", "usage?"], ({ limit, usage }, { params: { max } }) => {
      if (max === undefined) return undefined;
      if (limit.written === undefined)
        return {
          id: "limit-unread",
          severity: "info",
          title: "What is written for the next start may not be read by the bot's role",
          because:
            "So it is not changed from here. GRANT SELECT ON pg_file_settings and EXECUTE ON FUNCTION pg_show_all_file_settings() TO it.",
          remedies: ["poolFirst"],
        };
      const used = usage === undefined ? "" : ` ${usage.used} of ${usage.usable} usable are taken now.`;
      return {
        id: "limit-asked",
        severity: "info",
        title: `max_connections ${max} was asked for, ${limit.inForce} are in force`,
        because: `It holds after a restart only.${used} ${limit.standbys === 0 ? "No standby follows." : `${limit.standbys} standbys follow: theirs first.`}`,
        remedies: ["write", "poolFirst"],
      };
    }),
    find(["limit"], ({ limit }) => {
      const { atNextStart, inForce, oldestTransactionSeconds: oldest, baseBackups } = limit;
      if (atNextStart === undefined || atNextStart === inForce || limit.isFixed) return undefined;
      const waits = [
        ...(baseBackups > 0 ? ["a base backup runs"] : []),
        ...(oldest !== null && oldest >= LONG ? [`a transaction is open for ${saySeconds(oldest)}`] : []),
      ];
      return {
        id: "limit-waits",
        severity: "info",
        title: `max_connections ${atNextStart} waits for a restart (${inForce} in force)`,
        because:
          waits.length === 0
            ? "No base backup and no long transaction runs now."
            : `Not now: ${waits.join(", ")}, and a restart would end that.`,
        remedies: ["restart"],
      };
    }),
  ]);
