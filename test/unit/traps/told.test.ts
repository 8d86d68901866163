import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);

/** Every line of runbooks and connectors that is no comment: what is told, and what is run. */
const lines = ["runbooks/", "src/connectors/"].flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) =>
      readFileSync(new URL(`${folder}${name}`, root), "utf8")
        .split("\n")
        .map((text, index) => ({ at: `${folder}${name}:${index + 1}`, text }))
        .filter(({ text }) => !/^\s*(\*|\/\/|\/\*)/.test(text)),
    ),
);

/**
 * What a line may hold only as `unless` says (default: never). These traps are commands: nobody is told one of them, and none
 * is run.
 */
type Never = readonly [title: string, command: RegExp, unless: RegExp | undefined];
const NEVER: readonly (Never | readonly [title: string, command: RegExp])[] = [
  [
    "trap pg-create-index-blocking: an index is built CONCURRENTLY",
    /CREATE (UNIQUE )?INDEX(?! ON %)/,
    /CREATE (UNIQUE )?INDEX (CONCURRENTLY|[^;]*ON ONLY|CONCURRENTLY ON %s)|AS (definition|plain|unique),/,
  ],
  ["trap pg-cic-multi: no two statements stand in one call of psql", /psql[^`"]* -c ["'][^"']*;[^"']*\S/],
  [
    "trap pg-alter-system-txn: nothing that refuses a transaction stands within one",
    /BEGIN;[^`"]*(VACUUM|ALTER SYSTEM|CONCURRENTLY)/,
  ],
  [
    "trap pg-vacuum-full: VACUUM FULL is warned of, never told",
    /VACUUM \(?FULL/,
    /(Never|No|no) VACUUM FULL|VACUUM FULL needs|VACUUM \(FULL, ANALYZE\) of that one table, never of the whole database, in a window/,
  ],
  [
    "trap pg-reindex-db: REINDEX is one index, CONCURRENTLY, or said to need a window",
    /REINDEX (?!INDEX CONCURRENTLY|CONCURRENTLY)/,
    /REINDEX DATABASE in a window/,
  ],
  [
    "trap pg-preload-overwrite: the preload list is told whole",
    /shared_preload_libraries = /,
    /\$\{(preload|names)/,
  ],
  ["trap pg-compose-exec-user: psql is not run in a container", /exec [^`"]*\b(psql|createdb|dropdb)\b/],
  ["trap redis-latency: redis-cli --latency is not told", /redis-cli[^`"]* --latency(?!-)/],
  ["trap redis-bigkeys: redis-cli --bigkeys is not told", /--bigkeys/],
  [
    "trap compose-v1: docker-compose is not told",
    /docker-compose (up|down|ps|logs|exec|restart|stop|start|build)\b/,
  ],
  [
    "trap compose-down-prune: networks are pruned by a label of their project",
    /network prune/,
    /network prune --filter label=|removed \(`network prune`/,
  ],
  ["trap compose-down-service: compose down is not told", /compose down/, /compose down` of another project/],
  [
    "trap compose-exec-nice: no second process is started in a container for it to be nicer",
    /exec [^`"]*\bnice\b/,
  ],
  ["trap docker-run-it: no interactive shell in a new container", /docker run [^`"]*-it\b/],
  [
    "trap exec-profile: no second copy of the application is started to be profiled",
    /-m (memory_profiler|cProfile|profile)|\bvalgrind\b/,
  ],
  ["trap memory-profiler-shadow: memory_profiler is not told", /memory_profiler/],
  [
    "trap export-no-effect: no export in a shell is told",
    /`export (?!LC_ALL=C|SYSTEMD_)[A-Z_]+=/,
    /skips `export/,
  ],
  ["trap interactive-apt: apt asks nobody", /\bapt(-get)? install(?! -y)/],
  ["trap pip-force-reinstall: no reinstall in place", /--force-reinstall/],
  ["trap nginx-reload: a reload comes after its test", /nginx -s reload/, /nginx -t && nginx -s reload/],
  [
    "trap journal-unbounded: the journal is asked of a time",
    /journalctl (-u|-k|-t)/,
    /--since|journalctl -k -b -o short-iso|journalctl -k nor dmesg/,
  ],
  [
    "trap pg-recovery-conf: a point in time is reached by recovery.signal, on another instance",
    /recovery\.conf/,
    /create an empty recovery\.signal/,
  ],
  ["trap top-pgrep: top is not given the answer of pgrep", /top -p \$\(pgrep/],
  ["trap telnet-hang: telnet is not told", /\btelnet\b (?!or)/],
  ["trap icmp: no host is called down because of ping", /`ping /, /`nc -zv /],
  ["trap net-tools: netstat and route are not told", /`(netstat|route)\b/],
  ["trap crash-dir: /var/crash is not looked at", /\/var\/crash/],
  ["trap redis-swap: nothing of INFO is searched for the word swap", /grep[^`"]*swap/],
  ["trap memorylimit: a unit's limit is MemoryMax", /MemoryLimit=/, /not the old MemoryLimit=/],
  ["trap grep-case: no environment file is searched", /grep [^`"]*\.env\b/],
];

/** What has to be said where it is advised. */
const SAID: readonly (readonly [title: string, file: string, words: RegExp])[] = [
  ["trap py-hash: a key is a sha256 of what is asked for", "runbooks/redis/redis-hit-rate.ts", /sha256/],
  [
    "trap redis-limit-not-maxmemory: a higher limit restarts and changes no maxmemory",
    "runbooks/redis/redis-connectivity.ts",
    /restarts Redis .* does not change maxmemory/,
  ],
  [
    "trap redis-policy-nopersist: at runtime only is said where it is set",
    "src/connectors/redis/limits.ts",
    /at runtime only, a restart undoes it/,
  ],
  [
    "trap pg-alter-db-new-sessions: new sessions only is said, and the way back",
    "runbooks/postgres/pg-slow-queries.ts",
    /new sessions: ALTER DATABASE .* RESET it afterwards/,
  ],
  [
    "trap compose-restart-env: settings come with up -d",
    "runbooks/docker/refusals.ts",
    /docker compose up -d \$\{/,
  ],
  [
    "trap resize2fs: the command is that of the file system's type",
    "runbooks/host/grow.ts",
    /xfs: .*xfs_growfs/,
  ],
  ["trap crash-dir: dumps are asked of coredumpctl", "runbooks/systemd/signals.ts", /coredumpctl list/],
  [
    "trap postgresql-umbrella-unit: the unit of the cluster is named",
    "src/connectors/postgres/failures/network.ts",
    /postgresql@\*.*only an umbrella/,
  ],
];

describe("what has to be said", () => {
  test.each(SAID)("%s", (_title, file, words) => {
    const told = lines.filter(({ at, text }) => at.startsWith(`${file}:`) && words.test(text));
    expect(told.length).toBeGreaterThan(0);
  });
});

describe("commands of the guides that are wrong", () => {
  test.each(NEVER.map(([title, command, unless]) => ({ title, command, unless })))(
    "$title",
    ({ command, unless }) => {
      const told = lines.filter(({ text }) => command.test(text) && unless?.test(text) !== true);
      expect(told.map(({ at, text }) => `${at} ${text.trim()}`)).toEqual([]);
    },
  );
  test("there are lines to look at", () => {
    expect(lines.length).toBeGreaterThan(10_000);
  });
});
