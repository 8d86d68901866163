import { type Finding, facts, host, sayBytes, sayPercent } from "../../src/sdk/index.ts";
import { sayReader, troubleOf } from "../postgres/slots.ts";
import { type DatabaseSeen, hereOf } from "./database-here.ts";
import { liesIn } from "./places.ts";

/** From this share of what is used on, WAL that nobody may remove is worth a word. */
const WORTH_A_WORD = 0.1;

interface Holder {
  readonly bytes: number;
  readonly title: string;
  readonly because: string;
  readonly remedy: "freeWal" | "repairArchiver";
}

/** Who keeps the WAL: of several slots the one that keeps most, for what it keeps holds what the others do. */
function holderOf({ database, replication }: DatabaseSeen): Holder | undefined {
  if (replication === undefined) return undefined;
  const wal = database?.walBytes ?? null;
  const slots = replication.slots.filter((one) =>
    ["unread", "behind", "ending"].includes(troubleOf(one, 0) ?? ""),
  );
  const slot = slots.toSorted((a, b) => (b.retainedBytes ?? 0) - (a.retainedBytes ?? 0))[0];
  const kept = Math.min(slot?.retainedBytes ?? 0, wal ?? Number.POSITIVE_INFINITY);
  const { archiver, slotLimitBytes } = replication;
  if (archiver.mode !== "off" && archiver.isFailing && wal !== null && wal > 2 * kept)
    return {
      bytes: wal,
      title: `WAL that is not archived (${sayBytes(wal)})`,
      because: `Archiving fails (${archiver.lastFailedWal}; ${archiver.failedCount} failures), and what is not archived is not removed.`,
      remedy: "repairArchiver",
    };
  if (slot === undefined) return undefined;
  const limit =
    slotLimitBytes === null
      ? "nothing limits it (max_slot_wal_keep_size)"
      : `at ${sayBytes(slotLimitBytes)} (max_slot_wal_keep_size) the slot is lost`;
  return {
    bytes: kept,
    title: `WAL that replication slot ${slot.name} keeps back (${sayBytes(kept)}; ${sayReader(slot)})`,
    because: `WAL is not removed before the slot's consumer has read it; ${limit}.`,
    remedy: "freeWal",
  };
}

/** The file system a database's WAL lies on is too full, and it may not be removed: by whom it is kept. Pure. */
export function heldWal(
  disk: host.Disk,
  seen: DatabaseSeen,
  threshold: number,
): Finding<Holder["remedy"]> | undefined {
  const folder = seen.database?.dataFolder ?? "";
  const path = folder === "" ? undefined : hereOf(`${folder}/pg_wal`, seen);
  const place = host
    .fullPlaces(disk, threshold)
    .find((one) => one.counts === "bytes" && path !== undefined && liesIn(path, one, disk));
  const holder = holderOf(seen);
  if (place === undefined || holder === undefined || holder.bytes < place.used * WORTH_A_WORD)
    return undefined;
  const isCause = place.used - holder.bytes < threshold * place.capacity;
  return {
    id: `wal-held:${place.path}`,
    severity: isCause && host.isNearlyFull(place) ? "critical" : "warning",
    title: `${place.path} is ${sayPercent(place.ratio)} full, ${isCause ? "because" : "in part because"} of ${holder.title}`,
    because: `Postgres keeps its data here (${folder}). ${holder.because} Files in pg_wal are never to be deleted by hand.`,
    evidence: [
      facts({
        "kept back": sayBytes(holder.bytes),
        "all of pg_wal": seen.database?.walBytes == null ? "not known" : sayBytes(seen.database.walBytes),
        used: `${sayBytes(place.used)} of ${sayBytes(place.capacity)}`,
      }),
    ],
    remedies: [holder.remedy],
    ...(isCause ? { explains: [place.id] } : {}),
  };
}
