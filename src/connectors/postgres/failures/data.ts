import type { Failure, Rule } from "./rule.ts";

const CORRUPT: Failure = {
  id: "corrupt",
  title: "Postgres reports damaged or unreadable data",
  because: "The server could not read its files, or what it read does not fit together.",
  advice:
    "Stop writing, take a copy of the data folder before anything else, look at the kernel log for storage errors, then restore from a backup to a new instance.",
};
const CORRUPT_INDEX: Failure = {
  id: "corrupt",
  title: "Postgres reports a damaged index",
  because: "An index does not hold what its table holds (SQLSTATE XX002); the table itself may be sound.",
  advice:
    "Take a backup, find out why (kernel log, a changed collation after an upgrade of the system), then REINDEX INDEX CONCURRENTLY <the index of the message>; pg_amcheck shows what else is hurt.",
};
const LIBRARY: Failure = {
  id: "library-missing",
  title: "Postgres cannot load the library of an extension",
  because:
    "The extension is created or preloaded, but its file is not on the server: another image, a missing package, or another major version. Data is not concerned.",
  advice:
    "Install the extension's package for this major version on the server (or use the image that has it); if it is not wanted any more: DROP EXTENSION, and take it out of shared_preload_libraries.",
};
const FILE_MISSING: Failure = {
  id: "file-missing",
  title: "Postgres misses a file",
  because:
    "Either a file of the data is gone (a disk not mounted, something deleted in the data folder), or one of the installation (an extension's library, a time zone).",
  advice:
    "To tell them apart: a path with base/, global/ or pg_ is data: stop the server, look at mounts and keep a copy before anything else. Any other belongs to the installation: install what is missing.",
};
const WAL_GONE: Failure = {
  id: "file-missing",
  title: "WAL that a standby or consumer asks for is gone from the server",
  because:
    "It was away for longer than the server keeps WAL (wal_keep_size, max_slot_wal_keep_size, no slot). The data of the server is whole; it is the follower that cannot go on.",
  advice:
    "Fetch the segment from the archive with restore_command where there is one; otherwise build the standby anew (pg_basebackup) or the consumer's copy from the start. Then a slot for it, with max_slot_wal_keep_size as its bound.",
};
const INTERNAL: Failure = {
  id: "internal-error",
  title: "Postgres met an internal error (XX000)",
  because:
    "The server came upon something it did not expect: a bug, an extension, a table dropped in that very moment. By itself it says nothing of the data.",
  advice:
    "Run it again: if it does not return, something was changed meanwhile. If it does, read the server's log at this moment, and compare version and extensions with their known bugs.",
};

/** Classes 58 and XX as Postgres itself says them: those of poolers are known before. */
export const DATA: readonly Rule[] = [
  [
    {
      code: "58P01",
      routine:
        /^(?:internal_load_library|load_external_function|expand_dynamic_library_name|load_file|find_in_|substitute_)/,
    },
    LIBRARY,
  ],
  [{ code: "58P01", names: /\$libdir|\.so\b|\.dylib\b|\.dll\b|could not access file "[\w-]+"/ }, LIBRARY],
  [
    { code: "58P01", names: /\b(?:base|global|pg_xact|pg_multixact|pg_subtrans|pg_tblspc|pg_wal)\// },
    CORRUPT,
  ],
  [{ code: "58P01", names: /WAL segment|requested WAL/ }, WAL_GONE],
  [{ code: "58P01" }, FILE_MISSING],
  [{ code: "XX002" }, CORRUPT_INDEX],
  [{ code: "XX001" }, CORRUPT],
  [{ code: "58030" }, CORRUPT],
  [{ code: "XX000", routine: /^(?:toast_fetch|toast_decompress|heap_fetch_toast|detoast)/ }, CORRUPT],
  [{ code: "XX000", routine: /./ }, INTERNAL],
  [{ code: "XX000", english: /could not read block|invalid page|missing chunk/ }, CORRUPT],
];
