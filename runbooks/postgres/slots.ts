import {
  count,
  type Finding,
  type postgres,
  rows,
  sayBytes,
  sayDuration,
  sqlText,
} from "../../src/sdk/index.ts";

type Slot = postgres.ReplicationSlot;
type Name = "freeWal" | "rebuildConsumer" | "repairArchiver";

const GIB = 1024 ** 3;
const PASSING_SECONDS = 120;
/** Four segments of WAL: a slot that nobody reads from and that keeps more is not just made. */
const WORTH_SAYING = 64 * 1024 ** 2;

/**
 * What is the matter with a slot. `lost`: its consumer can never go on, and it keeps nothing any more. `ending`: it is lost at
 * the next checkpoint or so. `unread`: nobody reads from it, so what it keeps only grows. `behind`: somebody does, too slowly.
 */
type Trouble = "lost" | "ending" | "unread" | "behind";

export function troubleOf(slot: Slot, gib: number): Trouble | undefined {
  if (slot.walStatus === "lost" || slot.lostBecause !== "") return "lost";
  // Kept in step by the server itself for a failover: nobody reads from it before that.
  if (slot.synced) return undefined;
  if (slot.walStatus === "unreserved") return "ending";
  if (!slot.active) return (slot.retainedBytes ?? 0) > 0 ? "unread" : undefined;
  return (slot.retainedBytes ?? 0) >= gib * GIB ? "behind" : undefined;
}

const withTrouble = ({ slots }: postgres.Replication, gib: number, wanted: Trouble) =>
  slots.filter((slot) => troubleOf(slot, gib) === wanted);

/** What keeps WAL from being removed, and whose consumer can never follow again. */
export function slotFindings(replication: postgres.Replication, gib: number): Finding<Name>[] {
  const { archiver, receiver } = replication;
  const succeeded = archiver.archivedSeconds ?? null;
  // It tries three times, waits for a minute, and begins anew (pg-archive).
  const isPassing = succeeded !== null && succeeded <= PASSING_SECONDS;
  // On a standby only `always` archives: what is counted there is from before.
  const isMeant = archiver.mode === "always" || (archiver.mode !== "off" && receiver === null);
  const findings = [
    ...withTrouble(replication, gib, "lost").map(sayLost),
    ...withTrouble(replication, gib, "ending").map(sayEnding),
    ...keptBack(replication, gib),
    isMeant &&
      archiver.isFailing && {
        id: "archiver-failing",
        severity: isPassing ? ("info" as const) : ("critical" as const),
        title: isPassing
          ? "The last try to archive WAL failed, and the next is within a minute"
          : `WAL archiving fails (${count(archiver.failedCount, "failure")})`,
        because: `The last attempt (${archiver.lastFailedWal}) failed and none succeeded since: pg_wal grows, and there is no recovery to a later moment.`,
        remedies: ["repairArchiver" as const],
      },
  ];
  return findings.filter((finding) => finding !== false);
}

const sayLost = (slot: Slot): Finding<Name> => ({
  id: `slot-lost:${slot.name}`,
  severity: "critical",
  title: `Replication slot ${slot.name} is lost: its consumer can never follow again`,
  because: `${sayKind(slot)}${slot.lostBecause === "" ? "; WAL that its consumer had not read was removed (max_slot_wal_keep_size)" : `; the server says: ${slot.lostBecause}`}. It keeps no WAL any more, so it fills no disk.`,
  evidence: [slotRows([slot])],
  remedies: ["rebuildConsumer"],
});

const sayEnding = (slot: Slot): Finding<Name> => ({
  id: `slot-ending:${slot.name}`,
  severity: "critical",
  title: `Replication slot ${slot.name} is about to be lost: it keeps ${sayBytes(slot.retainedBytes ?? 0)} of WAL, more than is allowed`,
  because: `${sayKind(slot)}, ${sayReader(slot)}. The next checkpoint removes WAL that its consumer has not read; then it must be built anew.`,
  evidence: [slotRows([slot])],
  remedies: ["freeWal"],
});

/** Slots that keep WAL: those of nobody from the first few segments on, gravely from so many GiB on. */
function keptBack(replication: postgres.Replication, gib: number): Finding<Name>[] {
  const unread = withTrouble(replication, gib, "unread");
  const behind = withTrouble(replication, gib, "behind");
  const isMuch = ({ retainedBytes }: Slot) => (retainedBytes ?? 0) >= gib * GIB;
  const much = [...unread.filter(isMuch), ...behind];
  const little = unread.filter((slot) => !isMuch(slot));
  const isGrowing = little.some(({ retainedBytes }) => (retainedBytes ?? 0) >= WORTH_SAYING);
  return [
    ...(much.length === 0
      ? []
      : [
          {
            id: "slots-keep-wal",
            severity: "warning" as const,
            title: `Replication ${much.map((slot) => `slot ${slot.name} (${sayReader(slot)}) keeps back ${sayBytes(slot.retainedBytes ?? 0)} of WAL`).join(", ")}`,
            because: `WAL cannot be removed until the consumer has read it; ${sayLimit(replication)}.`,
            evidence: [slotRows(much)],
            remedies: ["freeWal" as const],
          },
        ]),
    ...(little.length === 0
      ? []
      : [
          {
            id: "inactive-slots",
            severity: isGrowing ? ("warning" as const) : ("info" as const),
            title: `${count(little.length, "replication slot")} without a consumer: ${little.map((slot) => `${slot.name} (${sayBytes(slot.retainedBytes ?? 0)} of WAL, ${sayReader(slot)})`).join(", ")}`,
            because: `Nobody reads from it, so the WAL it keeps back only grows; ${sayLimit(replication)}.`,
            evidence: [slotRows(little)],
            remedies: ["freeWal" as const],
          },
        ]),
  ];
}

const sayLimit = ({ slotLimitBytes }: postgres.Replication) =>
  slotLimitBytes === null
    ? "nothing limits it (max_slot_wal_keep_size), so in the end the disk is full"
    : `at ${sayBytes(slotLimitBytes)} (max_slot_wal_keep_size) the slot is lost`;

const sayKind = ({ kind, database }: Slot) =>
  database === "" ? `It is a ${kind} slot` : `It is a ${kind} slot of database ${database}`;

/** Who reads from it, in a clause. */
export const sayReader = ({ active, inactiveSeconds }: Slot) =>
  active
    ? "its consumer is connected"
    : inactiveSeconds === null
      ? "nobody reads from it"
      : `nobody has read from it for ${sayDuration(inactiveSeconds * 1000)}`;

const what = (slot: Slot) =>
  `${slot.name} (${sayBytes(slot.retainedBytes ?? 0)}): ${
    slot.active
      ? "its consumer is connected and slow: look at that one (its log, its load, a long transaction or a table without a key it replicates). Do not drop the slot under it"
      : `bring its consumer (${slot.database === "" ? "a standby or pg_receivewal" : `a subscription or connector of database ${slot.database}`}) back; the WAL goes by itself once it has caught up. Only if it is gone for good: SELECT pg_drop_replication_slot(${sqlText(slot.name)}), which frees ${sayBytes(slot.retainedBytes ?? 0)} at the next checkpoint; that consumer must then be built anew`
  }`;

/** What to do about each slot that keeps WAL. */
export function adviseSlots(replication: postgres.Replication | undefined, gib: number): string {
  const slots = (replication?.slots ?? []).filter((slot) =>
    ["unread", "behind", "ending"].includes(troubleOf(slot, gib) ?? ""),
  );
  const isEnding = slots.some((slot) => troubleOf(slot, gib) === "ending");
  return [
    ...(isEnding
      ? [
          "To keep the slot, at once: ALTER SYSTEM SET max_slot_wal_keep_size = '<more>' (the disk must hold it) and SELECT pg_reload_conf().",
        ]
      : []),
    ...slots.map((slot) => `${what(slot)}.`),
    "CHECKPOINT and pg_switch_wal free nothing that a slot or the archiver still needs; never delete files in pg_wal. max_slot_wal_keep_size limits this for the future.",
  ].join(" ");
}

/** A slot that is lost is of no use to anybody. */
export function adviseLost(replication: postgres.Replication | undefined, gib: number): string {
  const lost = replication === undefined ? [] : withTrouble(replication, gib, "lost");
  const drops = lost.map(({ name }) => `SELECT pg_drop_replication_slot(${sqlText(name)})`).join("; ");
  const builds = lost.map((slot) =>
    slot.database === ""
      ? `for ${slot.name} take a new base backup (pg_basebackup) with a new slot, or restore_command from the archive if it has that WAL`
      : `for ${slot.name} make the slot anew and copy the tables again (a subscription: DROP and CREATE with copy_data; a connector: a new snapshot)`,
  );
  return `${drops || "Drop the slot"}, then build the consumer anew: ${builds.join("; ") || "with a new base backup or snapshot"}. Bringing the old consumer back does not help. Before it, set max_slot_wal_keep_size to what the disk can hold, so that the next absence is survived.`;
}

const slotRows = (slots: readonly Slot[]) =>
  rows("", slots, {
    slot: (one) => one.name,
    kind: (one) => (one.database === "" ? one.kind : `${one.kind}, ${one.database}`),
    active: (one) => (one.active ? "yes" : "no"),
    "unread for": (one) => (one.inactiveSeconds === null ? null : sayDuration(one.inactiveSeconds * 1000)),
    "kept back": (one) => (one.retainedBytes === null ? null : sayBytes(one.retainedBytes)),
    state: (one) => one.lostBecause || one.walStatus,
  });
