import {
  count,
  type Finding,
  type host,
  rows,
  sayBytes,
  sayDuration,
  shellWord,
  sqlName,
} from "../../src/sdk/index.ts";

type Folder = host.DumpFolder;
type Newest = host.NewestDump;
type Name = "nameDumps" | "restoreCopy" | "repairBackup" | "restoreInPlace" | "recoverToTime";

/** So young and without its end, it may still be written. */
const WRITING_SECONDS = 600;
/** Of the middle size of those before it: below this something is missing, or was deleted. */
const SHRUNK = 0.5;
const FEW = 3;
/** Clocks differ by so much without meaning anything. */
const CLOCKS_SECONDS = 300;

const ago = (seconds: number): string => `${sayDuration(Math.max(0, seconds) * 1000)} ago`;
const isWriting = ({ end, seconds }: Newest): boolean => end === "cut" && seconds < WRITING_SECONDS;

/** The one that counts: the newest, or the one before it while that is still being written. */
const countsOf = ({ newest: [first, second] }: Folder): Newest | undefined =>
  first !== undefined && isWriting(first) && second !== undefined ? second : first;

interface Asked {
  readonly dumps?: string | undefined;
  readonly restore: boolean;
}

export function dumpFindings(folders: readonly Folder[], asked: Asked): Finding<Name>[] {
  if (folders.length === 0)
    return [
      {
        id: "no-dumps-declared",
        severity: "info",
        title: "No folder of dumps is named for this machine",
        because:
          "diagbot looks only where diagbot.yaml says (`dumps:` of the connection). Whether there are backups is not known.",
        remedies: ["nameDumps"],
      },
    ];
  const meant = folders.filter(({ name }) => asked.dumps === undefined || name === asked.dumps);
  if (meant.length === 0)
    return [
      {
        id: "other-dumps",
        severity: "warning",
        title: "No dumps of that name are declared for this machine",
        because: `There are ${folders.map(({ name }) => name).join(", ")}. What was asked for was not looked at.`,
        remedies: ["nameDumps"],
      },
    ];
  return meant.flatMap((folder) => [...ofFolder(folder), ...(asked.restore ? rehearsal(folder) : [])]);
}

function ofFolder(folder: Folder): Finding<Name>[] {
  const { name, is } = folder;
  // That it may not be listed is said as "could not look".
  if (is === "denied") return [];
  const dump = countsOf(folder);
  const { folders = 0 } = folder;
  if (is === "there" && dump === undefined && folders > 0)
    return [
      {
        id: `no-dump:${name}`,
        severity: "warning",
        title: `No dump of ${name} lies in ${folder.folder} itself`,
        because: `It holds ${count(folders, "folder")} and no file: what is in them was not looked at. Name the one that is meant as \`folder:\`.`,
        remedies: ["repairBackup"],
      },
    ];
  if (is === "absent" || dump === undefined)
    return [
      {
        id: `no-dump:${name}`,
        severity: "critical",
        title: `There is no dump of ${name}`,
        because: `${folder.folder} ${is === "absent" ? "does not exist" : "holds no file"} on this machine. Either none was made, or it is kept elsewhere by now.`,
        remedies: ["repairBackup"],
      },
    ];
  return [brokenOff(folder, dump), tooOld(folder, dump), ahead(folder, dump), shrunk(folder, dump)].filter(
    (one) => one !== undefined,
  );
}

type Judged = Finding<Name> | undefined;

const brokenOff = (folder: Folder, { file, bytes, end, format, seconds }: Newest): Judged =>
  bytes > 0 && end !== "cut"
    ? undefined
    : {
        id: `dump-cut:${folder.name}`,
        severity: "critical",
        title: `The newest dump of ${folder.name}, ${file}, is ${bytes === 0 ? "empty" : "not whole"}`,
        because: `${CUT[bytes === 0 ? "other" : format]} It was written ${ago(seconds)}.`,
        evidence: [fileRows(folder)],
        remedies: ["repairBackup"],
        explains: [`dump-shrunk:${folder.name}`],
      };

const tooOld = (folder: Folder, { file, seconds }: Newest): Judged =>
  seconds <= folder.withinSeconds
    ? undefined
    : {
        id: `dump-old:${folder.name}`,
        severity: seconds > 2 * folder.withinSeconds ? "critical" : "warning",
        title: `The newest dump of ${folder.name} is ${sayDuration(seconds * 1000)} old (${sayDuration(folder.withinSeconds * 1000)} at most)`,
        because: `${file} was the last. What changed since then would be lost, unless the write-ahead log is archived (pg-archive).`,
        evidence: [fileRows(folder)],
        remedies: ["repairBackup"],
      };

const ahead = (folder: Folder, { file, seconds }: Newest): Judged =>
  seconds >= -CLOCKS_SECONDS
    ? undefined
    : {
        id: `dump-ahead:${folder.name}`,
        severity: "warning",
        title: `${file} is from the future: its age says nothing`,
        because: `Its time lies ${sayDuration(-seconds * 1000)} ahead of the machine's clock: a clock is wrong (host-clock), or the time was set by hand.`,
        evidence: [fileRows(folder)],
        remedies: ["repairBackup"],
      };

function shrunk(folder: Folder, { file, bytes, end }: Newest): Judged {
  const others = folder.files.filter(
    (one) => one.file !== file && one.file !== folder.newest[0]?.file && kindOf(one.file) === kindOf(file),
  );
  const usual = middle(others.map((one) => one.bytes));
  if (usual === undefined || bytes >= usual * SHRUNK) return undefined;
  return {
    id: `dump-shrunk:${folder.name}`,
    severity: "warning",
    title: `The newest dump of ${folder.name} is ${sayBytes(bytes)}; those before it were about ${sayBytes(usual)}`,
    because: `${file}${end === "whole" ? " is whole by its end, so" : ":"} either much was deleted, or it is of another database, without its data, or packed in another way. Sizes say no more.`,
    evidence: [fileRows(folder)],
    remedies: ["repairBackup"],
  };
}

/** Dumps of several databases, or of the whole and of a part, may share a folder: only names that differ in their dates are of one kind. */
const kindOf = (file: string): string =>
  file
    .toLowerCase()
    .replace(
      /(?<![a-z])(mon|tue|wed|thu|fri|sat|sun|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}(?![a-z])/g,
      "",
    )
    .replace(/[^a-z.]/g, "");

const CUT: Readonly<Record<Newest["format"], string>> = {
  custom:
    "Either pg_restore cannot read its table of contents, or it lacks the end of its data: the dump broke off.",
  directory: "pg_restore cannot read its table of contents.",
  plain:
    "It lacks the line with which pg_dump ends (\u201cPostgreSQL database dump complete\u201d): the dump broke off.",
  gzip: "Unpacked it lacks the line with which pg_dump ends, or it cannot be unpacked to its end: the dump broke off.",
  other: "Nothing is in it.",
};

/** Undefined: too few to say what is usual. */
function middle(sizes: readonly number[]): number | undefined {
  const sorted = [...sizes].sort((a, b) => a - b);
  return sorted.length < FEW ? undefined : sorted[Math.floor(sorted.length / 2)];
}

const fileRows = ({ folder, files }: Folder) =>
  rows(folder, files.slice(0, 10), {
    file: (one) => one.file,
    size: (one) => sayBytes(one.bytes),
    age: (one) => sayDuration(Math.max(0, one.seconds) * 1000),
  });

function rehearsal(folder: Folder): Finding<Name>[] {
  const { name, mayRestore } = folder;
  const dump = countsOf(folder);
  if (dump === undefined) return [];
  const isOffered = mayRestore && dump.format === "custom";
  return [
    {
      id: `rehearsal:${name}`,
      severity: "info",
      title: `A restore of ${dump.file} was asked for`,
      because: isOffered
        ? "Only a restore shows that a dump can be restored. It goes into a database of its own, which is dropped after its time; no other database is touched."
        : mayRestore
          ? "Only pg_dump -Fc is restored from here: a plain dump may hold commands of psql that go to other databases."
          : "diagbot.yaml names no server for it (`restore:` of the dumps).",
      remedies: [...(isOffered ? (["restoreCopy"] as const) : []), "restoreInPlace", "recoverToTime"],
    },
  ];
}

export const toRestore = (folders: readonly Folder[], asked: string | undefined) =>
  folders
    .filter(({ name, mayRestore }) => mayRestore && (asked === undefined || name === asked))
    .flatMap((folder) => {
      const dump = countsOf(folder);
      return dump?.format === "custom" ? [{ name: folder.name, file: dump.file }] : [];
    })
    .slice(0, 1);

/** Never over the only copy: beside it, looked at, then renamed. */
export function adviseInPlace(folders: readonly Folder[], asked: string | undefined): string {
  const folder = folders.find(({ name }) => asked === undefined || name === asked);
  const dump = folder === undefined ? undefined : countsOf(folder);
  const file = shellWord(dump === undefined ? "<dump>" : `${folder?.folder}/${dump.file}`);
  const database = folder?.name ?? "app";
  const copy = `${database}_restored`;
  const restore =
    dump?.format === "custom" || dump?.format === "directory"
      ? `pg_restore -w --exit-on-error --single-transaction -d ${shellWord(copy)} ${file}`
      : `psql -X -w -v ON_ERROR_STOP=1 --single-transaction -d ${shellWord(copy)} -f ${dump?.format === "gzip" ? `<(gzip -dc ${file})` : file}`;
  return `Never drop the database that is there, and never load into it. (1) Say who decides, and that what was written since the dump (${dump === undefined ? "?" : ago(dump.seconds)}) is lost. (2) \`createdb -T template0 ${shellWord(copy)}\`, with as much free disk as the database itself takes. (3) ${restore}: it stops at the first error. (4) Compare rows and the newest times of the main tables with the old one, and let the application look at it. (5) Stop the application (container-failure, unit-failure and k8s-workload know how it is started again), then, in one session on database postgres: \`ALTER DATABASE ${sqlName(database)} RENAME TO ${sqlName(`${database}_before`)}; ALTER DATABASE ${sqlName(copy)} RENAME TO ${sqlName(database)};\`. Privileges and settings of the database (\`\\drds\`) are set again. (6) Start the application, look at its health, take a new dump. (7) Drop the old one only days later. Back again: the same two renames. To move to a larger disk it is the same on a server whose data folder lies there; the old disk stays as it is, mounted read-only, until the new one has proven itself.`;
}

export const adviseRecovery = (): string =>
  "A base backup that is taken now cannot go back: it needs one from before that time and every WAL segment since then (archive_mode on, nothing missing: pg-archive). Always into a new data folder on another port or machine: restore the base backup; set restore_command, recovery_target_time = '<time with zone>' and recovery_target_action = 'pause' in postgresql.conf; create an empty recovery.signal (recovery.conf stops PG 12 and later from starting); start it and read its log until it pauses; look at the rows; only then SELECT pg_wal_replay_resume() and take the tables, or the whole of it, from there. With pgBackRest: `pgbackrest --stanza=<name> --type=time --target='<time>' --delta restore` into an empty folder; `pgbackrest info` says how far back it reaches.";
