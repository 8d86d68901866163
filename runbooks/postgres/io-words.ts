import {
  clip,
  count,
  type Finding,
  type postgres,
  rows,
  sayBytes,
  sayDuration,
  sayPercent,
} from "../../src/sdk/index.ts";
import { spillerOf } from "./spiller.ts";

type Io = postgres.Io;
type Name = "moreWal" | "moreMemory" | "lookAtCache" | "whoAsks";

export interface IoLimits {
  /** Temporary files of a day, in bytes. */
  readonly spillBytes: number;
  /** Share of block reads found in shared_buffers. */
  readonly hitRatio: number;
}

/** What was counted between two moments. */
interface Window {
  readonly seconds: number;
  readonly hit: number;
  readonly read: number;
  readonly tempFiles: number;
  readonly tempBytes: number;
  readonly timed: number;
  readonly requested: number;
  readonly walBytes: number | null;
  readonly says: string;
}

const DAY = 86_400;
const say = (seconds: number) => sayDuration(Math.max(1, Math.round(seconds)) * 1000);

function between(from: postgres.IoCounters, to: postgres.IoCounters, says: string): Window {
  return {
    seconds: Math.max(0.001, to.at - from.at),
    hit: to.blocksHit - from.blocksHit,
    read: to.blocksRead - from.blocksRead,
    tempFiles: to.tempFiles - from.tempFiles,
    tempBytes: to.tempBytes - from.tempBytes,
    timed: to.timed - from.timed,
    requested: to.requested - from.requested,
    walBytes: to.walBytes === null || from.walBytes === null ? null : to.walBytes - from.walBytes,
    says,
  };
}

/** Since the run before, where the counters went on from there; a reset or a crash in between leaves nothing to compare. */
export function sinceLast(now: Io, before: Io | undefined): Window | undefined {
  if (before === undefined || before.second.at >= now.first.at) return undefined;
  const isSame =
    before.databaseSince === now.databaseSince &&
    before.checkpointsSince === now.checkpointsSince &&
    before.walSince === now.walSince;
  const window = between(before.second, now.second, "");
  const isFallen = [window.hit, window.read, window.tempBytes, window.requested].some((n) => n < 0);
  if (!isSame || isFallen) return undefined;
  return { ...window, says: `since the last look, ${say(window.seconds)} ago` };
}

/** Over the life of the counters; those of the database, of checkpoints and of WAL may have begun apart. */
function sinceReset({ second, databaseSince, checkpointsSince, walSince }: Io) {
  const none = {
    at: 0,
    blocksHit: 0,
    blocksRead: 0,
    tempFiles: 0,
    tempBytes: 0,
    timed: 0,
    requested: 0,
    walBytes: 0,
  };
  const isTogether = walSince !== null && Math.abs(walSince - checkpointsSince) < 60;
  const from = (at: number) =>
    between({ ...none, at }, second, `since the counters began, ${say(second.at - at)} ago`);
  return {
    database: from(databaseSince),
    checkpoints: { ...from(checkpointsSince), ...(isTogether ? {} : { walBytes: null }) },
  };
}

/** Who wrote most of the temporary files that a finding tells of, as far as that is known. */
export const spillerIn = (now: Io, before: Io | undefined) => {
  const last = sinceLast(now, before);
  return last === undefined
    ? spillerOf(now, undefined, sinceReset(now).database.tempBytes)
    : spillerOf(now, before, last.tempBytes);
};

/** What the counters come to. `before`: what the run before this one saw. */
export function ioFindings(now: Io, before: Io | undefined, limits: IoLimits): Finding<Name>[] {
  const last = sinceLast(now, before);
  return [
    ...checkpointFindings(now, last ?? sinceReset(now).checkpoints),
    ...spillFindings(now, last ?? sinceReset(now).database, spillerIn(now, before), limits),
    ...cacheFindings(now, last, limits),
  ];
}

/** Below so many it may be a coincidence. */
const FEW_CHECKPOINTS = 10;

/** Asked for by WAL, a checkpoint comes at a good part of max_wal_size; by a command, at any. */
function checkpointFindings(io: Io, window: Window): Finding<Name>[] {
  const { requested, timed, seconds, walBytes, says } = window;
  const every = seconds / Math.max(1, requested + timed);
  if (requested < FEW_CHECKPOINTS || requested <= timed || every >= io.checkpointTimeoutSeconds / 2)
    return [];
  const each = walBytes === null ? null : walBytes / requested;
  const byWal = each === null ? null : each >= io.maxWalBytes / 4;
  const facts = `${count(requested, "checkpoint was", "checkpoints were")} asked for and ${timed} came by the clock ${says}; checkpoint_timeout is ${say(io.checkpointTimeoutSeconds)}.`;
  if (byWal === false)
    return [
      {
        id: "checkpoints-by-command",
        severity: "info",
        title: `A checkpoint every ${say(every)}, asked for by commands, not by WAL`,
        because: `${facts} Only ${sayBytes(each ?? 0)} of WAL came for each, of a max_wal_size of ${sayBytes(io.maxWalBytes)}: a larger one would change nothing.`,
        remedies: ["whoAsks"],
      },
    ];
  return [
    {
      id: "checkpoints-too-frequent",
      severity: "warning",
      title: `A checkpoint every ${say(every)}, because max_wal_size (${sayBytes(io.maxWalBytes)}) is soon full`,
      because: `${facts}${each === null ? " Whether WAL or a command (CHECKPOINT, a backup) asked for them is not known here." : ` ${sayBytes(each)} of WAL came for each.`} After each checkpoint the first change of every page is written to WAL whole: more WAL, more writes.`,
      remedies: byWal === null ? ["moreWal", "whoAsks"] : ["moreWal"],
    },
  ];
}

function spillFindings(
  io: Io,
  window: Window,
  worst: ReturnType<typeof spillerOf>,
  { spillBytes }: IoLimits,
): Finding<Name>[] {
  // What is counted for less than a day is not multiplied up to one.
  const perDay = (window.tempBytes / Math.max(window.seconds, DAY)) * DAY;
  if (window.tempFiles <= 0 || perDay < spillBytes) return [];
  return [
    {
      id: "spills-to-disk",
      severity: "warning",
      title: `${sayBytes(window.tempBytes)} in ${count(window.tempFiles, "temporary file")} ${window.says}${worst === undefined ? "" : `, most of it by ${clip(worst.statement, 80)}`}`,
      because: `A sort or hash that needs more than work_mem (${sayBytes(io.workMemBytes)}) goes to disk.${worst === undefined ? sayUnknown(io) : ` The one above wrote ${sayBytes(worst.bytes / Math.max(1, worst.calls))} a call over ${count(worst.calls, "call")}${worst.isMaintenance ? "; it builds something, which takes maintenance_work_mem" : ""}.`}`,
      evidence: io.spilling?.length
        ? [
            rows("Since pg_stat_statements was reset", io.spilling, {
              written: (one) => sayBytes(one.bytes),
              "a call": (one) => sayBytes(one.bytes / Math.max(1, one.calls)),
              calls: (one) => one.calls,
              statement: (one) => clip(one.statement, 160),
            }),
          ]
        : [],
      remedies: ["moreMemory"],
    },
  ];
}

const sayUnknown = ({ spilling }: Io): string =>
  spilling?.length
    ? " No statement is known to have written half of it: below is what each has written since pg_stat_statements was reset."
    : "";

/** Fewer blocks than this say nothing. */
const FEW_BLOCKS = 10_000;

const ratioOf = ({ hit, read }: Window): number | undefined =>
  hit + read < FEW_BLOCKS ? undefined : hit / (hit + read);

/** So long after a start an empty cache explains what is not found in it. */
const COLD_SECONDS = 1_800;

function sayWhyFallen(isFallen: boolean, isCold: boolean, upSeconds: number): string {
  if (isCold)
    return ` The server was started ${say(upSeconds)} ago: its cache was empty then, and fills with use.`;
  return isFallen
    ? " Something reads what it did not read before: a new or changed statement, a plan that reads whole tables."
    : "";
}

/** Now against what it was before: a small cache that always was small is another matter than one that fell. */
function cacheFindings(io: Io, last: Window | undefined, { hitRatio }: IoLimits): Finding<Name>[] {
  const looks = [between(io.first, io.second, "while diagbot looked"), ...(last === undefined ? [] : [last])];
  const window = looks.find((one) => ratioOf(one) !== undefined);
  const now = window === undefined ? undefined : ratioOf(window);
  if (window === undefined || now === undefined || now >= hitRatio) return [];
  const all = sinceReset(io).database;
  const ever = ratioOf({ ...all, hit: all.hit - window.hit, read: all.read - window.read });
  const isFallen = ever !== undefined && ever - now >= 0.05;
  const upSeconds = io.second.at - io.startedAt;
  const isCold = upSeconds < COLD_SECONDS;
  return [
    {
      id: "cache-misses",
      severity: isFallen && !isCold ? "warning" : "info",
      title: `${sayPercent(now)} of block reads were found in shared_buffers ${window.says}${ever === undefined ? "" : isFallen ? `, ${sayPercent(ever)} before` : ", as before"}`,
      because: `Of ${Math.round(window.hit + window.read).toLocaleString("en")} blocks ${Math.round(window.read).toLocaleString("en")} were asked of the system (which may have had them in memory: not every one is a read of the disk). shared_buffers is ${sayBytes(io.sharedBuffersBytes)}.${sayWhyFallen(isFallen, isCold, upSeconds)}`,
      remedies: ["lookAtCache"],
    },
  ];
}
