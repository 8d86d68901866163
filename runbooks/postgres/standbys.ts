import { count, type Finding, type postgres, rows, sayBytes, sayDuration } from "../../src/sdk/index.ts";

type Replication = postgres.Replication;
type Receiver = NonNullable<Replication["receiver"]>;
type Name = "catchUp" | "receiveAgain" | "resumeReplay";

/** Behind by so much it is behind, though nobody has measured for how long. */
const MANY_BYTES = 1024 ** 3;
/** The primary says something every 30 s, a standby every 10 s (wal_receiver_status_interval). */
const SILENT_SECONDS = 60;
const ago = (seconds: number) => sayDuration(Math.round(seconds) * 1000);

/** Standbys of this server, or this standby itself, that are further behind than so many seconds, or get nothing at all. */
export const standbyFindings = (replication: Replication, lagSeconds: number): Finding<Name>[] => [
  ...lateStandbys(replication, lagSeconds),
  ...(replication.receiver === null ? [] : ownFindings(replication.receiver, lagSeconds)),
];

function lateStandbys({ standbys }: Replication, limit: number): Finding<Name>[] {
  // A backup copies files: what it has not got is no lag.
  const late = standbys.filter(
    (one) =>
      one.state !== "backup" &&
      ((one.lagSeconds ?? 0) >= limit ||
        (one.lagBytes ?? 0) >= MANY_BYTES ||
        ((one.replySeconds ?? 0) >= Math.max(limit, SILENT_SECONDS) && one.lagBytes !== 0)),
  );
  if (late.length === 0) return [];
  const seconds = Math.max(...late.map((one) => one.lagSeconds ?? one.replySeconds ?? 0));
  const bytes = Math.max(...late.map((one) => one.lagBytes ?? 0));
  return [
    {
      id: "standbys-behind",
      severity: "warning",
      title: `${count(late.length, "standby", "standbys")} behind: ${late.map(({ name }) => name).join(", ")}, the furthest by ${seconds >= limit ? ago(seconds) : sayBytes(bytes)}${late.every(hasAll) ? ", with all WAL received" : ""}`,
      because: `Reads from a standby are stale by that much. ${sayReceived(late)}`,
      evidence: [
        rows("", late, {
          standby: (one) => one.name,
          address: (one) => one.address,
          state: (one) => one.state,
          behind: (one) => (one.lagSeconds === null ? null : ago(one.lagSeconds)),
          bytes: (one) => (one.lagBytes === null ? null : sayBytes(one.lagBytes)),
          "by what it has": (one) => one.measuredBy,
          "last sign": (one) => (one.replySeconds === null ? null : ago(one.replySeconds)),
        }),
      ],
      remedies: ["catchUp"],
    },
  ];
}

/** What it lacks of the WAL is no more than is on its way. */
const ON_ITS_WAY = 16 * 1024 ** 2;
const hasAll = ({ receivedBytes, lagBytes }: Replication["standbys"][number]): boolean =>
  receivedBytes != null && receivedBytes <= ON_ITS_WAY && (lagBytes ?? 0) > receivedBytes;

/** What it has received and what it has replayed are two questions: only the first is lost by a failover. */
function sayReceived(late: Replication["standbys"]): string {
  const kept = late.filter(hasAll).map(({ name }) => name);
  const lost = "A failover would lose what has not been received";
  if (kept.length === 0) return `${lost}.`;
  return `${kept.join(", ")} ${kept.length === 1 ? "has" : "have"} received the WAL and ${kept.length === 1 ? "replays" : "replay"} it late, so nothing of it is lost: either that is meant (recovery_min_apply_delay, a standby kept back against mistakes), or a query or a paused replay holds it; to tell them apart, on the standby: SHOW recovery_min_apply_delay, SELECT pg_is_wal_replay_paused().${kept.length < late.length ? ` ${lost} by the others.` : ""}`;
}

function ownFindings(receiver: Receiver, limit: number): Finding<Name>[] {
  const replay = receiver.replayDelaySeconds ?? 0;
  const findings: (Finding<Name> | undefined)[] = [
    nothingReceived(receiver),
    receiver.isPaused
      ? {
          id: "replay-paused",
          severity: "warning",
          title: "Replay on this standby is paused",
          because:
            "Somebody called pg_wal_replay_pause(), or recovery came to its target: WAL arrives and is kept, but what is read here stays as it was.",
          explains: ["replay-behind"],
          remedies: ["resumeReplay"],
        }
      : undefined,
    replay >= limit + (receiver.meantDelaySeconds ?? 0)
      ? {
          id: "replay-behind",
          severity: "warning",
          title: `This standby is ${ago(replay)} behind`,
          because: "WAL has arrived that it has not replayed yet, or replay has stopped.",
          remedies: ["catchUp"],
        }
      : undefined,
  ];
  return findings.filter((finding) => finding !== undefined);
}

/** What a standby has replayed is no measure where nothing arrives: then it seems to be in step for ever. */
function nothingReceived(receiver: Receiver): Finding<Name> | undefined {
  const { status, hasPrimary, messageSeconds, lastCommitSeconds } = receiver;
  const isSilent = status === "streaming" && messageSeconds !== null && messageSeconds >= SILENT_SECONDS;
  const isAbsent = status !== "streaming" && status !== "hidden";
  // Without a primary in its configuration it restores from an archive only: nothing is meant to stream.
  if (hasPrimary === false || !(isSilent || isAbsent)) return undefined;
  const since =
    lastCommitSeconds === null
      ? "it has replayed no commit since its start"
      : `the last commit it has is ${ago(lastCommitSeconds)} old`;
  return {
    id: "receives-nothing",
    severity: "critical",
    title: `This standby receives nothing from its primary: ${since}`,
    because: [
      isSilent
        ? `Its connection to ${receiver.from || "the primary"} is open, but nothing has come for ${ago(messageSeconds)}.`
        : `No process receives WAL (${status === "absent" ? "no walreceiver" : `walreceiver: ${status}`}).`,
      "All that has arrived is replayed, so it looks as if it were in step; what it serves is that old, and grows older.",
      ...(hasPrimary === null
        ? [
            "Whether it is meant to stream is hidden from the bot's role: if it restores from an archive only, this is as it should be.",
          ]
        : []),
    ].join(" "),
    explains: ["replay-behind"],
    remedies: ["receiveAgain"],
  };
}
