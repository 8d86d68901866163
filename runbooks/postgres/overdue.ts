import { count, type Finding, postgres, rows, sayDuration, sayPercent } from "../../src/sdk/index.ts";
import { holderRows, many, sayHolder } from "./vacuum.ts";

type State = postgres.VacuumState;
type Table = postgres.OverdueTable;
type Horizon = postgres.Horizon;
type Holder = postgres.HorizonHolder;
type Name = "endHolders" | "turnOn" | "vacuumBehind" | "vacuumTables" | "freezeOld" | "freezeTables";

/** So many times its trigger a table is behind; at the trigger itself a worker is on its way. */
const BEHIND = 2;
/** The same for age: at the limit vacuum against wraparound begins, and it may take hours. */
const OLD = 1.5;
/** A slot or a standby does not say since when it holds: it counts from this many transactions on. */
const LONG = 1_000;

const name = ({ table, isToast }: Table) => (isToast ? `${table} (its TOAST)` : table);
const ago = (seconds: number | null) =>
  seconds === null ? "never" : `${sayDuration(Math.round(seconds) * 1000)} ago`;
const first = (tables: readonly Table[]) => tables.map(name).slice(0, 3).join(", ");

/** How many times over its trigger a table is, by dead or by inserted rows. */
const over = (one: Table): number =>
  Math.max(
    one.hasDead ? (one.dead ?? 0) / Math.max(1, one.trigger) : 0,
    one.hasInserted ? (one.inserted ?? 0) / Math.max(1, one.insertTrigger ?? 1) : 0,
  );

export const isBehind = (one: Table): boolean => over(one) >= BEHIND;
export const isOverAge = ({ transactions, transactionsLimit, multixacts, multixactsLimit }: Table): boolean =>
  transactions >= transactionsLimit * OLD || multixacts >= multixactsLimit * OLD;

/**
 * Who keeps a vacuum of this table from taking dead rows away. A session or a prepared transaction holds rows of its own
 * database, a logical slot those of the catalogs only; a vacuum that ended before it began was not held by it.
 */
export function heldBy(one: Table, { holders }: Horizon, database: string): Holder | undefined {
  const since = one.vacuumedSeconds;
  if (!one.hasDead || !isBehind(one) || since === null) return undefined;
  return holders.find((holder) => {
    if (holder.database !== "" && holder.database !== database) return false;
    if (holder.kind === "slot" && holder.database !== "" && !one.isCatalog) return false;
    return holder.seconds === null ? holder.age >= LONG : holder.seconds > since;
  });
}

const AT_ONCE = 3;
const isFit = ({ bytes, isAtWork, isCatalog }: Table): boolean =>
  (bytes ?? 0) <= postgres.MOST_BYTES && !isAtWork && !isCatalog;

/** Those that a vacuum would help now, and that are done with within a minute. */
export const toVacuum = (state: State, horizon: Horizon | undefined) =>
  state.tables
    .filter((one) => isBehind(one) && isFit(one))
    .filter((one) => horizon === undefined || heldBy(one, horizon, state.database) === undefined)
    .slice(0, AT_ONCE)
    .map(({ table }) => ({ table }));

/** Those that nobody keeps from being frozen. */
export const toFreeze = (state: State, horizon: Horizon | undefined) =>
  state.tables
    .filter((one) => isOverAge(one) && isFit(one))
    .filter((one) => horizon?.holders.every(({ age }) => age < one.transactionsLimit / 2) === true)
    .slice(0, AT_ONCE)
    .map(({ table }) => ({ table, freeze: true }));

const vacuums = (may: boolean) => (may ? (["vacuumBehind"] as const) : []);

/** What keeps dead rows where they are, causes before effects. */
export function overdueFindings(state: State, horizon: Horizon | undefined): Finding<Name>[] {
  const { database } = state;
  const held = state.tables.filter((one) => horizon !== undefined && heldBy(one, horizon, database));
  const off = state.tables.filter((one) => !one.isEnabled && !held.includes(one) && isBehind(one));
  const behind = state.tables.filter(
    (one) => isBehind(one) && one.isEnabled && !one.isAtWork && !held.includes(one),
  );
  const old = state.tables.filter((one) => isOverAge(one) && !one.isAtWork);
  const found: Finding<Name>[] = [];
  const isOff = !state.autovacuum || !state.trackCounts;
  const mayVacuum = toVacuum(state, horizon).length > 0;
  if (isOff) found.push(switchedOff(state, mayVacuum));
  const [worst] = held;
  if (worst !== undefined && horizon !== undefined) found.push(heldRows(worst, held, horizon, database));
  if (off.length > 0) found.push(offForTables(off, mayVacuum));
  if (behind.length > 0) found.push(behindTables(behind, state, mayVacuum));
  if (old.length > 0) found.push(oldTables(old, toFreeze(state, horizon).length > 0));
  return [...found, ...fullOfMembers(state)];
}

const switchedOff = ({ autovacuum, trackCounts }: State, mayVacuum: boolean): Finding<Name> => ({
  id: "autovacuum-off",
  severity: "warning",
  title: `Autovacuum does not work on this server: ${[...(autovacuum ? [] : ["autovacuum"]), ...(trackCounts ? [] : ["track_counts"])].join(" and ")} ${autovacuum || trackCounts ? "is" : "are"} off`,
  because: `Nobody takes dead rows away or keeps the planner's statistics; only the vacuum against wraparound still comes.${trackCounts ? "" : " Without track_counts nothing is counted: how many rows are dead is not known, and what is said of single tables may be of long ago."}`,
  remedies: ["turnOn", ...vacuums(mayVacuum)],
  explains: ["vacuum-behind", "autovacuum-off-for-tables"],
});

function heldRows(worst: Table, held: readonly Table[], horizon: Horizon, database: string): Finding<Name> {
  const holder = heldBy(worst, horizon, database);
  const who = holder === undefined ? "somebody" : sayHolder(holder);
  return {
    id: "dead-rows-held",
    severity: "warning",
    title: `${who} keeps ${many(worst.dead ?? 0)} dead rows in ${name(worst)}${held.length > 1 ? ` and ${count(held.length - 1, "other table")}` : ""}: vacuum may not take them away`,
    because: `${name(worst)} was vacuumed ${ago(worst.vacuumedSeconds)}, after that began, and its dead rows are still ${sayTimes(over(worst))} its trigger: whatever died since then may still be read there. Vacuuming again, or more eagerly, does not help.`,
    evidence: [holderRows(horizon), tableRows(held)],
    remedies: ["endHolders"],
    explains: ["vacuum-held-back", "vacuum-behind"],
  };
}

const offForTables = (off: readonly Table[], mayVacuum: boolean): Finding<Name> => ({
  id: "autovacuum-off-for-tables",
  severity: "warning",
  title: `Autovacuum is switched off for ${first(off)}: ${many(off[0]?.dead ?? 0)} dead rows`,
  because:
    "autovacuum_enabled is off in the options of the table, and nobody vacuums it often enough by hand: it grows, and its index scans read dead rows.",
  evidence: [tableRows(off)],
  remedies: ["turnOn", ...vacuums(mayVacuum), "vacuumTables"],
});

function behindTables(behind: readonly Table[], state: State, mayVacuum: boolean): Finding<Name> {
  const [worst] = behind;
  // Rows that were only inserted cost nothing but a later freeze, and reads that look whether they are visible.
  const grave = behind.some((one) => one.hasDead && (one.dead ?? 0) >= 10 * Math.max(1, one.trigger));
  return {
    id: "vacuum-behind",
    severity: grave ? "warning" : "info",
    title: `Autovacuum is behind on ${count(behind.length, "table")}: ${worst === undefined ? "" : sayTable(worst)}`,
    because: `Each has its own trigger (threshold + scale factor × its rows). ${sayWorkers(state)} A batch of the last ${sayDuration(state.naptimeSeconds * 1000)} (autovacuum_naptime) looks the same and is not yet late.`,
    evidence: [tableRows(behind), ...workerRows(state)],
    remedies: [...vacuums(mayVacuum), "vacuumTables"],
  };
}

const oldTables = (old: readonly Table[], mayFreeze: boolean): Finding<Name> => {
  const [worst] = old;
  return {
    id: "freeze-behind",
    severity: "warning",
    title: `${count(old.length, "table is", "tables are")} over the age for freezing: ${first(old)}`,
    because: `${worst === undefined ? "" : `${name(worst)} was not frozen for ${many(worst.transactions)} transactions (vacuum against wraparound begins at ${many(worst.transactionsLimit)}) and ${many(worst.multixacts)} multixacts (${many(worst.multixactsLimit)}). `}No vacuum is at it now: its worker waits for others, fails on it, or is kept from freezing by an old transaction.`,
    evidence: [
      rows("", old, {
        table: name,
        transactions: (one) => one.transactions,
        "begins at": (one) => one.transactionsLimit,
        multixacts: (one) => one.multixacts,
        "begins at ": (one) => one.multixactsLimit,
        vacuumed: (one) => ago(one.vacuumedSeconds),
      }),
    ],
    remedies: [...(mayFreeze ? (["freezeOld"] as const) : []), "freezeTables"],
  };
};

/** From half of the room on every vacuum freezes eagerly (MULTIXACT_MEMBER_SAFE_THRESHOLD). */
const fullOfMembers = ({ membersUsed: used }: State): Finding<Name>[] =>
  used === null || used < 0.5
    ? []
    : [
        {
          id: "multixact-members",
          severity: used >= 0.8 ? "critical" : "warning",
          title: `${sayPercent(used)} of the room for members of multixacts is used`,
          because:
            "At the end of it no row can be locked by two transactions any more (foreign keys do that): such statements fail. Counted by the files there are, so it may be a little less.",
          remedies: ["freezeTables"],
        },
      ];

const sayTimes = (times: number) => `${times >= 10 ? Math.round(times) : times.toFixed(1)} times`;

const sayTable = (one: Table): string => {
  const byDead = one.hasDead && (one.dead ?? 0) / Math.max(1, one.trigger) >= over(one);
  return byDead
    ? `${name(one)} has ${many(one.dead ?? 0)} dead rows, ${sayTimes(over(one))} its trigger of ${many(one.trigger)}`
    : `${name(one)} has ${many(one.inserted ?? 0)} rows inserted since its last vacuum, ${sayTimes(over(one))} its trigger of ${many(one.insertTrigger ?? 0)}`;
};

function sayWorkers({ workers, maxWorkers }: State): string {
  if (workers === null) return "Whether its workers are busy is hidden from the bot's role.";
  const busy = workers.filter(({ isAutovacuum }) => isAutovacuum);
  if (busy.length >= maxWorkers)
    return `All ${maxWorkers} workers (autovacuum_max_workers) are busy with others, the longest for ${sayDuration(Math.round(busy[0]?.seconds ?? 0) * 1000)}: there are too few, or they sleep too much (autovacuum_vacuum_cost_delay, _cost_limit, which all share).`;
  return `${busy.length} of ${maxWorkers} workers are busy and none with these: an attempt gives way to a lock that others want (ALTER, LOCK TABLE), or fails; the server log says which (log_autovacuum_min_duration).`;
}

const tableRows = (tables: readonly Table[]) =>
  rows("", tables, {
    table: name,
    dead: (one) => one.dead,
    trigger: (one) => Math.round(one.trigger),
    inserted: (one) => one.inserted,
    "insert trigger": (one) => (one.insertTrigger === null ? null : Math.round(one.insertTrigger)),
    rows: (one) => Math.round(one.rows),
    vacuumed: (one) => ago(one.vacuumedSeconds),
    autovacuum: (one) => (one.isEnabled ? "on" : "off"),
  });

const workerRows = ({ workers }: State) =>
  workers === null || workers.length === 0
    ? []
    : [
        rows("Vacuums at work", workers, {
          pid: (one) => one.pid,
          database: (one) => one.database,
          table: (one) => one.table,
          phase: (one) => one.phase,
          read: (one) => (one.done === null ? null : sayPercent(one.done)),
          for: (one) => (one.seconds === null ? null : sayDuration(Math.round(one.seconds) * 1000)),
          wraparound: (one) => (one.isForWraparound ? "yes" : ""),
        }),
      ];

/** Who holds the dead rows of single tables. */
export const holdersOf = (state: State | undefined, horizon: Horizon | undefined): postgres.HorizonHolder[] =>
  (state?.tables ?? []).flatMap((one) =>
    horizon === undefined ? [] : [heldBy(one, horizon, state?.database ?? "") ?? []].flat(),
  );
