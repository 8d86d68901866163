import { count, type Finding, type postgres, rows, sayBytes, sayDuration } from "../../src/sdk/index.ts";

const GIB = 1024 ** 3;

/** Slots that keep back more WAL than so many GiB, or can no longer be served. */
export const keptBack = ({ slots }: postgres.Replication, gib: number) =>
  slots.filter(
    ({ retainedBytes, walStatus, kind }) =>
      kind !== "" && ((retainedBytes ?? 0) >= gib * GIB || ["unreserved", "lost"].includes(walStatus)),
  );

/** What keeps WAL from being removed: slots that lag, slots without a consumer, an archiver that fails. */
export function keptBackWal(replication: postgres.Replication, gib: number): Finding<"freeWal">[] {
  const { archiver, slots } = replication;
  const held = keptBack(replication, gib);
  const idle = slots.filter((slot) => !slot.active && !held.includes(slot));
  const isLost = held.some(({ walStatus }) => walStatus === "lost");
  const findings: (Finding<"freeWal"> | false)[] = [
    held.length > 0 && {
      id: "slots-keep-wal",
      severity: isLost ? "critical" : "warning",
      title: `Replication ${held.length === 1 ? "slot" : "slots"} ${held.map(({ name }) => name).join(", ")} ${held.length === 1 ? "keeps" : "keep"} back ${sayBytes(Math.max(...held.map(({ retainedBytes }) => retainedBytes ?? 0)))} of WAL`,
      because: `WAL cannot be removed until the consumer has read it; the disk fills${isLost ? ", and a slot marked lost can never catch up" : ""}.`,
      evidence: [slotRows(held)],
      remedies: ["freeWal"],
    },
    idle.length > 0 && {
      id: "inactive-slots",
      severity: "info",
      title: `${count(idle.length, "replication slot")} without a consumer: ${idle
        .map(({ name }) => name)
        .slice(0, 5)
        .join(", ")}`,
      because: "Nobody reads from it, so the WAL it keeps back only grows.",
      evidence: [slotRows(idle)],
      remedies: ["freeWal"],
    },
    archiver.mode !== "off" &&
      archiver.isFailing && {
        id: "archiver-failing",
        severity: "critical",
        title: `WAL archiving fails (${count(archiver.failedCount, "failure")})`,
        because: `The last attempt (${archiver.lastFailedWal}) failed and none succeeded since: pg_wal grows, and there is no recovery to a later moment.`,
        remedies: ["freeWal"],
      },
  ];
  return findings.filter((finding) => finding !== false);
}

/** Standbys of this server, or this standby itself, that are further behind than so many seconds. */
export function fallenBehind(
  { standbys, replayDelaySeconds }: postgres.Replication,
  lagSeconds: number,
): Finding<"catchUp">[] {
  const late = standbys.filter((standby) => (standby.lagSeconds ?? 0) >= lagSeconds);
  const replay = replayDelaySeconds ?? 0;
  const findings: (Finding<"catchUp"> | false)[] = [
    late.length > 0 && {
      id: "standbys-behind",
      severity: "warning",
      title: `${count(late.length, "standby", "standbys")} behind, the furthest by ${sayDuration(Math.max(...late.map((one) => one.lagSeconds ?? 0)) * 1000)}`,
      because:
        "Reads from a standby are stale by that much, and a failover would lose what it has not received.",
      evidence: [
        rows("", late, {
          standby: (one) => one.name,
          address: (one) => one.address,
          state: (one) => one.state,
          behind: (one) => sayDuration((one.lagSeconds ?? 0) * 1000),
          bytes: (one) => (one.lagBytes === null ? null : sayBytes(one.lagBytes)),
        }),
      ],
      remedies: ["catchUp"],
    },
    replay >= lagSeconds && {
      id: "replay-behind",
      severity: "warning",
      title: `This standby is ${sayDuration(replay * 1000)} behind`,
      because: "WAL has arrived that it has not replayed yet, or replay has stopped.",
      remedies: ["catchUp"],
    },
  ];
  return findings.filter((finding) => finding !== false);
}

const slotRows = (slots: postgres.Replication["slots"]) =>
  rows("", slots, {
    slot: (one) => one.name,
    kind: (one) => one.kind,
    active: (one) => (one.active ? "yes" : "no"),
    "kept back": (one) => (one.retainedBytes === null ? null : sayBytes(one.retainedBytes)),
    state: (one) => one.walStatus,
  });
