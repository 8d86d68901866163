// The example's own programs for Postgres, on a real server of the PATH's version, run as diagbot.yaml declares them.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { onPath } from "../../helpers/docker.ts";
import { whyNoDumps } from "../../helpers/dumps.ts";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";
import { examplePrograms, type Programs } from "./programs.ts";

/** Postgres refuses to run as root: then the account of the system's own packages runs everything, by sudo as declared. */
const isRoot = userInfo().uid === 0;
const account = (): { uid: number; gid: number } | undefined => {
  try {
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { stdio: "pipe" }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
};
const missing =
  whyNoDumps() ??
  (isRoot && (account() === undefined || onPath("sudo") === undefined)
    ? "no account postgres, or no sudo, on this machine"
    : undefined);

describe.skipIf(missing !== undefined)(missing ?? "tektra's backups", () => {
  let programs: Programs;
  let folder: string;
  let port: number;
  const bin = missing === undefined ? execFileSync("pg_config", ["--bindir"]).toString().trim() : "";
  const as = (program: string, args: readonly string[]): string => {
    const [command = "", ...words] = isRoot
      ? ["sudo", "-n", "-u", "postgres", program, ...args]
      : [program, ...args];
    return execFileSync(command, words, { cwd: "/", stdio: ["ignore", "pipe", "pipe"] }).toString();
  };
  const sql = (statement: string, database = "tektra"): string =>
    as(join(bin, "psql"), [
      "-XqAt",
      "-v",
      "ON_ERROR_STOP=1",
      ...server(),
      "-d",
      database,
      "-c",
      statement,
    ]).trim();
  const settled = async (command: string, states: readonly string[]) => {
    let last: Record<string, unknown> = {};
    await until(async () => {
      last = await programs.answer(command);
      return states.includes(String(last.state));
    });
    return last;
  };
  const base = async () => {
    await done("take-base-backup");
    expect(await settled("base-backup", ["whole", "failed", "broken"])).toMatchObject({ state: "whole" });
  };
  const dump = (name: string) =>
    as(join(bin, "pg_dump"), ["-Fc", ...server(), "-f", join(folder, "dumps", name), "tektra"]);
  const server = () => ["-h", folder, "-p", String(port), "-U", "postgres"];
  const done = async (command: string, params = {}) => {
    const applied = await (await programs.asked(command, params)).apply("do");
    expect([command, applied.previews[0]?.refused, applied.holds]).toEqual([command, undefined, true]);
    return applied;
  };

  beforeAll(async () => {
    programs = examplePrograms("tektra", { sudo: isRoot });
    folder = join(programs.work, "pg");
    port = await freePort();
    const recovered = await freePort();
    for (const name of ["", "base", "wal", "dumps", "kept"]) mkdirSync(join(folder, name));
    writeFileSync(
      join(programs.etc, "backup.conf"),
      [
        `PATH=${bin}:$PATH`,
        `BACKUPS=${folder}/base ARCHIVE=${folder}/wal RECOVERED=${folder}/kept/recovered PORT=${recovered}`,
        `DUMPS=${folder}/dumps DATABASE=tektra CHECK="SELECT count(*) FROM orders" CHECKPOINT=fast RATE=1024M`,
        `PGHOST=${folder} PGPORT=${port} PGUSER=postgres`,
      ].join("\n"),
    );
    chmodSync(programs.work, 0o755);
    const owner = account();
    if (isRoot && owner !== undefined)
      for (const name of ["", "base", "wal", "dumps", "kept"])
        chownSync(join(folder, name), owner.uid, owner.gid);
    as(join(bin, "initdb"), ["-D", join(folder, "data"), "-A", "trust", "-U", "postgres", "--no-sync"]);
    as("sh", [
      "-c",
      `printf "port = ${port}\\nlisten_addresses = ''\\nunix_socket_directories = '${folder}'\\narchive_mode = on\\narchive_command = 'cp %%p ${folder}/wal/%%f'\\nfsync = off\\nmax_connections = 33\\n" >> ${folder}/data/postgresql.conf`,
    ]);
    as(join(bin, "pg_ctl"), ["-D", join(folder, "data"), "-l", join(folder, "log"), "-w", "start"]);
    sql("CREATE ROLE app LOGIN", "postgres");
    sql("CREATE ROLE reader LOGIN", "postgres");
    sql("CREATE DATABASE tektra OWNER app", "postgres");
    sql(
      "ALTER DATABASE tektra SET statement_timeout = '9s'; REVOKE ALL ON DATABASE tektra FROM PUBLIC; GRANT CONNECT ON DATABASE tektra TO reader",
    );
    sql("CREATE TABLE orders AS SELECT n FROM generate_series(1, 100) n; ALTER TABLE orders OWNER TO app");
  });
  afterEach(async () => {
    const { state } = await programs.answer("recovered");
    if (state !== "none") await done("drop-recovered");
    const { state: copy } = await programs.answer("restored");
    if (copy === "swapped") await done("swap-back");
    if (copy !== "none") await done("drop-restored");
  });
  afterAll(async () => {
    if (folder !== undefined && existsSync(join(folder, "data", "postmaster.pid")))
      as(join(bin, "pg_ctl"), ["-D", join(folder, "data"), "-m", "immediate", "stop"]);
    await programs.close();
  });

  it("takes a base backup once at a time, checks it, and its undo removes that one", async () => {
    expect(await programs.answer("base-backup")).toMatchObject({ name: "none", state: "none" });
    const taken = await done("take-base-backup");
    const last = await settled("base-backup", ["whole", "failed", "broken"]);
    expect(last).toMatchObject({ state: "whole", said: "backup successfully verified" });
    const path = join(folder, "base", String(last.name));
    expect(statSync(join(path, "backup_manifest")).size).toBeGreaterThan(0);
    await taken.undo();
    expect(existsSync(path)).toBe(false);
    expect(await programs.answer("base-backup")).toMatchObject({ name: last.name, state: "dropped" });
  });

  it("recovers beside the server to a time, with nothing of what came after it (trap pg-recovery-conf)", async () => {
    await base();
    sql(
      "TRUNCATE orders; INSERT INTO orders SELECT n FROM generate_series(1, 100) n; INSERT INTO orders SELECT n FROM generate_series(1, 11) n",
    );
    // Whole seconds are what people type: the deed comes in a later one.
    const second = () =>
      sql("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
    const before = second();
    await until(async () => second() !== before);
    const time = second();
    await until(async () => second() !== time);
    sql("DELETE FROM orders");
    const closed = sql("SELECT pg_walfile_name(pg_switch_wal())");
    // That the file is there says nothing yet: `cp` may still write it.
    await until(() => sql(`SELECT last_archived_wal >= '${closed}' FROM pg_stat_archiver`) === "t");
    const undone = await done("recover-to", { time });
    expect(await settled("recovered", ["reached", "failed"])).toMatchObject({
      state: "reached",
      to: time,
      check: "111",
    });
    // Read by nobody else, archives nowhere, and the server that serves has not been touched.
    expect(sql("SELECT count(*) FROM orders")).toBe("0");
    expect((await programs.asked("recover-to", { time: "2026-01-01T00:00:00Z" })).findings).toHaveLength(1);
    await done("promote-recovered");
    expect(await programs.answer("recovered")).toMatchObject({ state: "promoted", check: "111" });
    expect(undone.previews[0]?.changes[0]).toContain(time);
  });

  it("says that the archive does not reach so far, and refuses a time before every base backup", async () => {
    await base();
    await expect(
      (await programs.asked("recover-to", { time: "2021-01-01T00:00:00Z" })).apply("do"),
    ).rejects.toThrow(/no whole base backup from before that time/);
    const applied = await done("recover-to", { time: "2099-01-01T00:00:00Z" });
    expect(await settled("recovered", ["reached", "failed"])).toMatchObject({
      state: "failed",
      said: expect.stringContaining("recovery ended before configured recovery target was reached"),
    });
    await applied.undo();
    expect(existsSync(join(folder, "kept/recovered"))).toBe(false);
  });

  it("restores a dump beside the database, exchanges the two, and back (trap pg-restore-inplace)", async () => {
    sql("TRUNCATE orders; INSERT INTO orders SELECT n FROM generate_series(1, 7) n");
    dump("a.dump");
    sql("DELETE FROM orders WHERE n > 2");
    await done("restore-beside", { dump: "a.dump" });
    expect(await settled("restored", ["whole", "failed"])).toMatchObject({
      ...{ state: "whole", tables: "1", check: "7", check_before: "2" },
    });
    const about = (name: string) =>
      sql(
        `SELECT pg_get_userbyid(datdba), datacl, (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid) FROM pg_database d WHERE datname = '${name}'`,
        "postgres",
      );
    expect(about("tektra_restored")).toBe(about("tektra"));
    expect(sql("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'", "tektra_restored")).toBe("app");
    const swapped = await done("swap-database");
    expect([sql("SELECT count(*) FROM orders"), sql("SELECT count(*) FROM orders", "tektra_before")]).toEqual(
      ["7", "2"],
    );
    await swapped.undo();
    expect(sql("SELECT count(*) FROM orders")).toBe("2");
    await done("drop-restored");
    expect(
      sql(
        "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'tektra%'",
        "postgres",
      ),
    ).toBe("tektra");
  });

  it("exchanges nothing while somebody is connected, or what is not whole", async () => {
    const nothing = await (await programs.asked("swap-database")).apply("do");
    expect(nothing.previews[0]?.refused).toContain("there is no whole restored copy");
    dump("c.dump");
    await done("restore-beside", { dump: "c.dump" });
    await settled("restored", ["whole"]);
    const sudo = isRoot ? ["sudo", "-n", "-u", "postgres"] : [];
    const [command = "", ...words] = [...sudo, join(bin, "psql"), "-Xq", ...server(), "-d", "tektra"];
    const session = spawn(command, words, { stdio: ["pipe", "ignore", "ignore"] });
    try {
      await until(async () => (await programs.answer("restored")).sessions === "1");
      const refused = await (await programs.asked("swap-database")).apply("do");
      expect(refused.previews[0]?.refused).toContain("stop-app comes first");
    } finally {
      session.stdin.end();
      await new Promise((gone) => session.once("exit", gone));
    }
  });

  it("a dump that breaks a rule on its way in is said, and nothing else is touched", async () => {
    const before = sql("SELECT count(*) FROM orders");
    dump("b.dump");
    // It ends in the middle of its data.
    as("truncate", ["-s", "-20", join(folder, "dumps/b.dump")]);
    await done("restore-beside", { dump: "b.dump" });
    const { state, said } = await settled("restored", ["whole", "failed"]);
    expect([state, said]).toEqual(["failed", expect.stringMatching(/pg_restore: error/)]);
    expect(sql("SELECT count(*) FROM orders")).toBe(before);
  });
});
