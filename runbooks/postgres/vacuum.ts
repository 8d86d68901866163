import { type Finding, type postgres, rows, sayDuration, sqlName, sqlText } from "../../src/sdk/index.ts";

type Horizon = postgres.Horizon;
type Holder = postgres.HorizonHolder;
type Name = "vacuumNow" | "endHolders";

/** Of both counters; at 40 million left the server warns, at 3 million it stops taking writes. */
const NUMBERS = 2 ** 31;
const LEFT_CRITICAL = 200_000_000;
/** Vacuum against wraparound begins at freeze_max_age; well above it something is in its way. */
const HELD_BACK = 1.5;
/** So many transactions of the others: what they leave cannot be cleaned. */
const LONG = 20_000_000;
const LONG_SECONDS = 3_600;

const millions = (n: number) => `${Math.round(n / 1e6)} million`;
export const many = (n: number) => (n >= 2e6 ? millions(n) : Math.round(n).toLocaleString("en"));

/** How near the end of its numbers the server is, and who keeps vacuum from winning some back. */
export function horizonFindings(horizon: Horizon): Finding<Name>[] {
  const { transactions, multixacts } = horizon;
  const wraparound = ofCounter("wraparound", "transactions", transactions, horizon);
  const ofMultixacts = ofCounter("multixact-wraparound", "multixacts", multixacts, horizon);
  const [holder] = horizon.holders;
  const isHeldOnly = wraparound === undefined && holder !== undefined && holder.age >= LONG;
  return [
    ...(wraparound === undefined ? [] : [wraparound]),
    ...(ofMultixacts === undefined ? [] : [ofMultixacts]),
    ...(isHeldOnly
      ? [
          {
            id: "vacuum-held-back",
            severity: "warning" as const,
            title: `${sayHolder(holder)} keeps vacuum from cleaning up behind ${many(holder.age)} transactions`,
            because:
              "Dead rows since then stay in every table it might read: tables and indexes grow, and reads get slower.",
            evidence: [holderRows(horizon)],
            remedies: ["endHolders" as const],
          },
        ]
      : []),
  ];
}

function ofCounter(
  id: string,
  what: string,
  { database, age, freezeMaxAge }: Horizon["transactions"],
  horizon: Horizon,
): Finding<Name> | undefined {
  const left = NUMBERS - age;
  const isCritical = left < LEFT_CRITICAL;
  if (!isCritical && age < freezeMaxAge * HELD_BACK) return undefined;
  const holder = holderOf(horizon, age);
  const held =
    holder === undefined
      ? "Nobody holds it back now: autovacuum does not get through (too slow, switched off for a table, or failing), or the oldest table is a temporary one, which only its own session can vacuum."
      : `${sayHolder(holder)} holds vacuum back.`;
  return {
    id,
    severity: isCritical ? "critical" : "warning",
    title: isCritical
      ? `${millions(Math.max(0, left))} ${what} left before Postgres stops taking writes${holder === undefined ? "" : `: ${sayHolder(holder)} holds vacuum back`}`
      : `Vacuum cannot freeze database ${database}: ${many(age)} ${what} old, ${many(left)} left${holder === undefined ? "" : `; ${sayHolder(holder)} holds it back`}`,
    because: `Database ${database} has not been frozen for ${many(age)} ${what}; at ${many(freezeMaxAge)} vacuum should have done it. ${held}`,
    evidence: horizon.holders.length === 0 ? [] : [holderRows(horizon)],
    remedies: ["vacuumNow"],
  };
}

/** Whoever is about as old as what is not frozen. What an old transaction keeps of multixacts has no age of its own. */
function holderOf({ holders: [oldest], transactions }: Horizon, age: number): Holder | undefined {
  if (oldest === undefined) return undefined;
  if (age !== transactions.age) return (oldest.seconds ?? 0) >= LONG_SECONDS ? oldest : undefined;
  return oldest.age >= age / 2 || oldest.age >= transactions.freezeMaxAge ? oldest : undefined;
}

const KINDS: Readonly<Record<Holder["kind"], string>> = {
  session: "session",
  prepared: "prepared transaction",
  slot: "replication slot",
  standby: "standby",
};

export const sayHolder = ({ kind, name, pid, seconds }: Holder): string =>
  `${KINDS[kind]} '${name}'${kind === "session" ? ` (${pid})` : ""}${seconds === null ? "" : `, open for ${sayDuration(Math.round(seconds) * 1000)},`}`;

const END: Readonly<Record<Holder["kind"], (holder: Holder) => string>> = {
  session: ({ pid, name, of }) =>
    `session ${pid} (${name} of ${of}): ask whoever runs it, then SELECT pg_terminate_backend(${pid})`,
  prepared: ({ name, of, database }) =>
    `prepared transaction ${sqlText(name)}: ask its transaction manager whether it was decided; then, as ${of} in ${database}, COMMIT PREPARED ${sqlText(name)} or ROLLBACK PREPARED ${sqlText(name)}`,
  slot: ({ name }) =>
    `replication slot ${name}: bring its consumer back, or, if that is gone for good, SELECT pg_drop_replication_slot(${sqlText(name)})`,
  standby: ({ name }) =>
    `standby ${name}: it has hot_standby_feedback on; end the long query there (pg_stat_activity on the standby)`,
};

/** What a person does about a holder. */
export const sayEnd = (holder: Holder): string => END[holder.kind](holder);

/**
 * Without the sessions that are as old as somebody who began before them: a snapshot reaches back to the oldest transaction that ran when
 * it was taken, so all that came since look as old, and are not in the way once that one has ended. Slots and standbys are not in snapshots.
 */
export const ofTheirOwn = (holders: readonly Holder[]): Holder[] =>
  holders.filter(
    (one) =>
      one.kind !== "session" ||
      !holders.some(
        (other) =>
          other !== one &&
          (other.kind === "session" || other.kind === "prepared") &&
          other.age >= one.age &&
          (other.seconds ?? 0) > (one.seconds ?? 0),
      ),
  );

/** Who is to end. Its numbers are far from their end: what they held, autovacuum takes away by itself. */
export function adviseHolders(holders: readonly Holder[]): string {
  const each = [...new Set(holders)].slice(0, 3).map(sayEnd);
  return `${each.join("; ") || "End what holds vacuum back (pg-locks)"}. Autovacuum takes the rows away by itself within a minute or two after that. To keep it from happening again: idle_in_transaction_session_timeout for the application's role, and long reports on a standby without hot_standby_feedback.`;
}

/** Of those that hold vacuum back the ones worth a word. */
export const longHolders = (horizon: Horizon | undefined): Holder[] =>
  ofTheirOwn(horizon?.holders ?? []).filter(({ age }) => age >= LONG);

/** What ends the holder first, then what vacuum is to do. */
export function adviseVacuum(horizon: Horizon | undefined): string {
  if (horizon === undefined)
    return "End what holds vacuum back (pg-locks), then VACUUM (FREEZE) the oldest tables.";
  const { holders, transactions, multixacts } = horizon;
  const old = ofTheirOwn(holders)
    .filter(({ age }) => age >= Math.min(LONG, transactions.freezeMaxAge))
    .slice(0, 3);
  const first =
    old.length === 0
      ? "Nothing holds vacuum back now. "
      : `First end what holds vacuum back, oldest first: ${old.map((holder) => sayEnd(holder)).join("; ")}. `;
  const byMultixacts =
    multixacts.age / multixacts.freezeMaxAge > transactions.age / transactions.freezeMaxAge;
  const [{ database, mayConnect = true }, age] = byMultixacts
    ? [multixacts, "mxid_age(relminmxid)"]
    : [transactions, "age(relfrozenxid)"];
  const open = mayConnect
    ? ""
    : `Nobody can connect to ${database}: autovacuum does it, once it gets through; by hand ALTER DATABASE ${sqlName(database)} ALLOW_CONNECTIONS true before, and false again after. `;
  return `${first}${open}Then, in database ${database}, VACUUM (FREEZE, VERBOSE) the oldest tables: SELECT oid::regclass, ${age} FROM pg_class WHERE relkind IN ('r','m','t') ORDER BY 2 DESC LIMIT 10 (of a schema pg_temp_N: end the session that has it). No VACUUM FULL, no restart; a normal session does it.`;
}

export const holderRows = ({ holders }: Horizon) =>
  rows("Who holds vacuum back", holders, {
    what: (one) => KINDS[one.kind],
    name: (one) => one.name,
    pid: (one) => (one.pid === 0 ? null : one.pid),
    of: (one) => one.of,
    database: (one) => one.database,
    transactions: (one) => one.age,
    "open for": (one) => (one.seconds === null ? null : sayDuration(Math.round(one.seconds) * 1000)),
  });
