import type { LineRow } from "./row.ts";

/** What servers say of stored data that does not fit them, or is damaged. Never is removing a volume the way out. */
export const DATA_LINES: readonly LineRow[] = [
  {
    text: /in 18\+, these docker images are configured to store database data|there appears to be postgresql data in:/,
    short: "its volume is where older images of Postgres keep their data",
    because:
      "The images of Postgres 18 and later keep data in a folder per version below /var/lib/postgresql, and found data of an older layout. It is unharmed.",
    advice:
      "Either stay with the tag that wrote it, or dump with that one, mount the volume at /var/lib/postgresql and restore (or pg_upgrade). Never remove the volume to make it start.",
    key: "fixImage",
  },
  {
    text: /directory "[^"]{1,300}" exists but is not empty|data directory .{0,200} is not empty|designated data directory .{0,200} is unusable|contains a lost\+found directory/,
    short: "its data folder is not empty, and holds no database either",
    because:
      "It wants to set up a database in a folder that already holds something: the root of a disk (lost+found), files of another program, or what a setup that was broken off left behind.",
    advice:
      "Look what lies there before anything is moved. A disk of its own: put the data one folder below its root (Postgres: `PGDATA=/var/lib/postgresql/data/pgdata`). A setup that broke off and nothing else: empty the folder and start again.",
  },
  {
    text: /(inconsistentclusterid|doesn't match stored clusterid|already being used in another (erasure|deployment)|cluster id mismatch|belongs to (another|a different) cluster|drive already being used|node id .{0,60}does not match)/,
    short: "its data belongs to another cluster",
    because:
      "The volume holds data of a cluster with another id: a volume that was taken over, or the others were set up anew.",
    advice:
      "Compare the volumes of all members (`docker inspect -f '{{json .Mounts}}' CONTAINER`). Give it back its own, or the others theirs; remove data only where you know that it is nobody's.",
  },
  {
    text: /required feature flag not enabled|must be enabled before upgrading|upgrade from version .{0,60} is not supported|cannot upgrade from|please upgrade to .{0,60} first|data (is|was) (created|written) by (a )?(newer|older|incompatible) version|schema version .{0,40}(newer|higher) than/,
    short: "its data was written by another version",
    because:
      "The stored data is of a version that this one does not read: a step back, or a step over one in between.",
    advice:
      "Go back to the tag that wrote it, then upgrade one step at a time as its release notes say. Never remove the volume to make it start.",
    key: "fixImage",
  },
  {
    text: /could not locate a valid checkpoint record|invalid (primary )?checkpoint record|aria recovery failed|bad file format reading the append only file|unexpected end of file reading the append only|wrong signature trying to load db|page corruption|database page corruption|corrupt(ed)? (page|block|wal|segment|index|chunk|journal|database)|innodb: .{0,80}(corrupt|operating system error number 5)|wiredtiger error .{0,120}(corrupt|wt_panic)|translog .{0,60}corrupt|checksum mismatch in (page|block|file)|database disk image is malformed|file is not a database/,
    unless: /permission denied|eacces|no space left|read-only file system|resource temporarily unavailable/,
    short: "its stored data is damaged",
    because:
      "A file of it cannot be read as it should: it was ended in the middle of a write, the disk was full or failed, or two servers wrote to one folder.",
    advice:
      "Stop, and copy the volume as it is before any tool touches it. Then what the product has for it (Postgres: restore a backup, pg_resetwal only as the last resort; Redis: `redis-check-aof --fix`, `redis-check-rdb`; MariaDB: `aria_chk -r`), and `dmesg` for errors of the disk.",
    isSure: true,
  },
  {
    text: /lock db directory|failed to obtain node locks?|could not acquire (the )?lock|unable to acquire lock|resource temporarily unavailable[^\n]{0,60}(lock|directory)|opening storage failed: lock/,
    short: "another program has a lock on its data",
    because:
      "Either another container (or one that is still ending) uses the same volume, or its lock file was left behind, or the folder may not be written; to tell them apart: `docker ps --filter volume=VOLUME`.",
    advice: "Another one: stop it. None: see who owns the folder, then remove the lock file and start again.",
  },
  {
    text: /migrations? (are|is) pending|pendingmigration|migrations have failed|migration (checksum mismatch|failed)|failed (to (apply|run)|migration)[^\n]{0,40}migration|can't locate revision|p30(09|18)\b|dirty database version|validate failed: migrations|need to upgrade the database|schema version compatibility check failed/,
    short: "its database is not at the state its migrations expect",
    because:
      "Either migrations were not run, or one failed half way, or the database was moved on by another release than this one.",
    advice:
      "Compare the release with the migrations that the database lists as done. Newer code: run them. Older code on a newer database: take the newer release. One that failed half way: read its error, repair what it left, mark it as the tool says. Take a backup first.",
  },
  {
    text: /could not acquire change log lock|waiting for changelog lock/,
    short: "a lock on its migrations was left in the database",
    because:
      "Liquibase runs on one instance at a time, and the table says that one does: either it does, or it was ended while it held the lock.",
    advice:
      "See who holds it (`SELECT * FROM databasechangeloglock`); where that one is gone: `liquibase release-locks`.",
  },
];
