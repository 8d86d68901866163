import { count, type Finding, facts, host, rows, sayBytes, sayDuration } from "../../src/sdk/index.ts";

type BaseSet = host.BaseSet;
type Backup = BaseSet["backups"][number];
type Archive = NonNullable<BaseSet["archive"]>;
type Name = "repairBase" | "newBase" | "repairArchive" | "recoverToTime";

/** So young and without its end, it may still be taken. */
const TAKING_SECONDS = 3600;

const ago = (seconds: number): string => `${sayDuration(Math.max(0, seconds) * 1000)} ago`;
const isTaking = ({ end, seconds }: Backup): boolean =>
  (end === "writing" || end === "none") && seconds < TAKING_SECONDS;

/** Base backups and the archive beside them: only together they reach a moment. Pure. */
export function baseFindings(
  sets: readonly BaseSet[],
  asked: { readonly dumps?: string | undefined; readonly restore: boolean },
): Finding<Name>[] {
  return sets
    .filter(({ name }) => asked.dumps === undefined || asked.dumps === name)
    .flatMap((set) => ofSet(set, asked.restore));
}

function ofSet(set: BaseSet, isAsked: boolean): Finding<Name>[] {
  if (set.is === "denied") return [];
  const whole = set.backups.filter(({ end }) => end === "whole");
  const [newest] = set.backups.filter((one) => !isTaking(one));
  const [usable] = whole;
  const told = [notWhole(set, newest), noneWhole(set, usable, newest), tooOld(set, usable)];
  return [
    ...told.filter((one) => one !== undefined),
    ...gaps(set, whole),
    ...(isAsked && usable !== undefined ? [reach(set, whole)] : []),
  ];
}

type Judged = Finding<Name> | undefined;

const notWhole = (set: BaseSet, newest: Backup | undefined): Judged =>
  newest === undefined || newest.end === "whole"
    ? undefined
    : {
        id: `base-not-whole:${set.name}`,
        severity: newest.end === "damaged" ? "critical" : "warning",
        title: `The newest base backup of ${set.name}, ${newest.name}, is not whole`,
        because:
          newest.end === "damaged"
            ? "Files that its manifest names are missing in it, or of another size (pg_verifybackup)."
            : `It has no backup_manifest, which pg_basebackup writes last, and is ${sayDuration(newest.seconds * 1000)} old: either it broke off, or it was made with --no-manifest or by another program. To tell them apart: the output of what made it, or \`pg_verifybackup\`.`,
        evidence: [backupRows(set)],
        remedies: ["repairBase", "newBase"],
      };

const noneWhole = (set: BaseSet, usable: Backup | undefined, newest: Backup | undefined): Judged =>
  usable !== undefined || newest?.end === "none"
    ? undefined
    : {
        id: `no-base:${set.name}`,
        severity: "critical",
        title: `There is no whole base backup of ${set.name}`,
        because: `${set.folder} ${set.is === "absent" ? "does not exist" : set.backups.length === 0 ? "holds none" : `holds ${count(set.backups.length, "backup")}, none of them whole`}. Without one no archive leads anywhere: nothing can be recovered to a moment.`,
        remedies: ["repairBase", "newBase"],
      };

const tooOld = (set: BaseSet, usable: Backup | undefined): Judged =>
  usable === undefined || usable.seconds <= set.withinSeconds
    ? undefined
    : {
        id: `base-old:${set.name}`,
        severity: "warning",
        title: `The newest whole base backup of ${set.name} is ${sayDuration(usable.seconds * 1000)} old (${sayDuration(set.withinSeconds * 1000)} at most)`,
        because:
          "A recovery from it replays everything since then: that takes long, and needs every segment of the archive.",
        evidence: [backupRows(set)],
        remedies: ["newBase"],
      };

/** What the archive lacks since the newest whole backup breaks what is relied on; what it lacks before that is only lost past. */
function gaps(set: BaseSet, [newest, ...older]: readonly Backup[]): Finding<Name>[] {
  const { archive } = set;
  if (archive === null || newest === undefined || archive.is === "denied") return [];
  if (archive.runs.length === 0) return [emptyArchive(set, archive, newest)];
  if (newest.segment === null) return [];
  const { first, gap } = host.covered(archive, newest.segment);
  return gap || !first ? [missingSince(set, archive, newest)] : lostPast(set, archive, newest, older);
}

const emptyArchive = (set: BaseSet, { folder, is }: Archive, newest: Backup): Finding<Name> => ({
  id: `archive-empty:${set.name}`,
  severity: "critical",
  title: `The archive of ${set.name} holds no write-ahead log`,
  because: `${folder} ${is === "absent" ? "does not exist" : "holds no segment"} on this machine. The base backup of ${ago(newest.seconds)} can be restored as it was then at best, to no moment after it. Either archiving is not on (pg-archive), or it goes elsewhere.`,
  evidence: [backupRows(set)],
  remedies: ["repairArchive"],
});

function missingSince(set: BaseSet, archive: Archive, newest: Backup): Finding<Name> {
  const { last } = host.covered(archive, newest.segment ?? "");
  const reaches =
    last !== undefined
      ? `It goes on without a gap to ${last.last} (${ago(last.seconds)}), and again only after that: nothing later can be recovered from ${newest.name}.`
      : newest.own
        ? `${newest.name} holds that segment itself and can be restored as it was then; to no moment after it.`
        : `Nothing can be recovered from ${newest.name}.`;
  return {
    id: `wal-gap:${set.name}`,
    severity: "critical",
    title:
      last !== undefined
        ? `Write-ahead log is missing in the archive of ${set.name} since the newest base backup`
        : `The archive of ${set.name} does not hold ${newest.segment}, with which its newest base backup begins`,
    because: `${reaches} A missing segment does not come back by itself: only a new base backup makes what comes now recoverable.`,
    evidence: [backupRows(set), runRows(archive)],
    remedies: ["newBase", "repairArchive"],
  };
}

function lostPast(set: BaseSet, archive: Archive, newest: Backup, older: readonly Backup[]): Finding<Name>[] {
  const lost = older.filter((one) => one.segment !== null && host.covered(archive, one.segment).gap);
  const [youngest] = lost;
  if (youngest === undefined) return [];
  return [
    {
      id: `wal-gap-before:${set.name}`,
      severity: "info",
      title: `From ${count(lost.length, "older base backup")} of ${set.name} the archive does not go on without a gap`,
      because: `From the newest (${ago(newest.seconds)}) it does. Moments between ${youngest.name} (${ago(youngest.seconds)}) and the newest may be out of reach.`,
      evidence: [backupRows(set), runRows(archive)],
      remedies: ["repairArchive"],
    },
  ];
}

/** How far back, and up to when: for who asks for a recovery. */
function reach(set: BaseSet, whole: readonly Backup[]): Finding<Name> {
  const { archive, name } = set;
  const spans = whole.flatMap((one) => {
    if (one.segment === null) return [];
    const to = archive === null ? undefined : host.covered(archive, one.segment).last;
    return [{ from: one, to: to === undefined ? "only as it was then" : `to ${ago(to.seconds)}` }];
  });
  return {
    id: `reach:${name}`,
    severity: "info",
    title: `Base backups of ${name} from which a moment can be reached`,
    because:
      archive === null
        ? "Which write-ahead log is archived is not looked at: `archive:` of these base backups names no folder."
        : "From the time each was done, to what the archive holds without a gap: the newest segment's time. What the server has not archived yet is pg-archive's.",
    evidence: [
      rows(set.folder, spans, {
        backup: ({ from }) => from.name,
        from: ({ from }) => ago(from.seconds),
        reaches: ({ to }) => to,
      }),
    ],
    remedies: ["recoverToTime"],
  };
}

const backupRows = ({ folder, backups }: BaseSet) =>
  backups.length === 0
    ? facts({ [folder]: "no base backup" })
    : rows(folder, backups.slice(0, 10), {
        backup: (one) => one.name,
        age: (one) => sayDuration(Math.max(0, one.seconds) * 1000),
        size: (one) => sayBytes(one.bytes),
        is: (one) => (isTaking(one) ? "being taken, perhaps" : IS[one.end]),
        begins: (one) => one.segment ?? "not readable",
      });
const IS: Readonly<Record<Backup["end"], string>> = {
  whole: "whole",
  damaged: "files missing",
  none: "without a manifest",
  writing: "broken off",
};

const runRows = ({ folder, runs }: Archive) =>
  rows(`${folder}, without a gap`, runs.slice(-10), {
    from: (one) => one.first,
    to: (one) => one.last,
    segments: (one) => one.segments,
    newest: (one) => ago(one.seconds),
  });
