import { appendFileSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgConnectivity } from "../../../runbooks/postgres/pg-connectivity.ts";
import { pgLocks } from "../../../runbooks/postgres/pg-locks.ts";
import { pgVacuum } from "../../../runbooks/postgres/pg-vacuum.ts";
import { postgresConnector } from "../../../src/connectors/postgres/index.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import { freePort } from "../../helpers/ports.ts";
import { type LabPostgres, startLabPostgres } from "../../helpers/postgres.ts";
import { type Bench, type Diagnosis, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

// What fills up or runs out slowly: WAL behind slots, transaction numbers, sequences, the table of locks.
let lab: LabPostgres;
const benches: Bench[] = [];

beforeAll(async () => {
  lab = await startLabPostgres({
    wal_level: "logical",
    autovacuum: "off",
    autovacuum_freeze_max_age: "100000",
    max_locks_per_transaction: "10",
    wal_recycle: "off",
  });
});
afterEach(async () => {
  await Promise.all(benches.splice(0).map((bench) => bench.close()));
  await lab.endSessions();
});
afterAll(() => lab.stop());

const diagnose = (runbook: Runbook = pgConnectivity, params = {}, url = lab.botUrl): Promise<Diagnosis> => {
  const bench = openBench({
    connections: { db: { kind: "postgres", url } },
    connectors: [postgresConnector],
  });
  benches.push(bench);
  return bench.diagnose(runbook, params);
};
const ids = ({ findings }: Diagnosis) => findings.map(({ id }) => id);

describe("a slot nobody reads from", () => {
  const writeWal = async (segments: number) => {
    for (let n = 0; n < segments; n++)
      await lab.admin("SELECT pg_logical_emit_message(false, 'lab', 'x'), pg_switch_wal()");
  };

  it("is named with what it keeps and what to do; lost, it is to be built anew (C31, M13)", async () => {
    expect(ids(await diagnose())).toEqual([]);
    await lab.admin("SELECT pg_create_logical_replication_slot('old', 'pgoutput')");
    await writeWal(6);
    const kept = await diagnose();
    const { title, severity } = kept.finding("inactive-slots");
    expect(severity).toBe("warning");
    expect(title).toMatch(/: old \((8|9)\d(\.\d)? MiB of WAL, nobody has read from it for /);
    expect(kept.advice("freeWal")).toMatch(
      /^old \(.* MiB\): bring its consumer \(a subscription or connector of database shop\) back; .*pg_drop_replication_slot\('old'\), which frees/,
    );
    await lab.admin("ALTER SYSTEM SET max_slot_wal_keep_size = '16MB'");
    await lab.admin("SELECT pg_reload_conf()");
    await writeWal(3);
    await lab.admin("CHECKPOINT");
    const lost = await diagnose();
    expect(lost.findings[0]).toMatchObject({ id: "slot-lost:old", severity: "critical" });
    expect(lost.findings[0]?.because).toContain("wal_removed");
    expect(lost.findings[0]?.because).toContain("keeps no WAL");
    expect(lost.findings[0]?.remedies).toEqual(["rebuildConsumer"]);
    expect(lost.advice("rebuildConsumer")).toContain("Bringing the old consumer back does not help");
    await lab.admin("SELECT pg_drop_replication_slot('old')");
    expect(ids(await diagnose())).toEqual([]);
  });
});

describe("a receiver of WAL, as pg_receivewal is one (M12)", () => {
  it("replays nothing, so it is measured by what it has received", async () => {
    const url = `${lab.botUrl}?replication=true`;
    const receiver = new pg.Client({ connectionString: url, application_name: "pg_receivewal" });
    receiver.on("error", () => {});
    await receiver.connect();
    const { rows } = await receiver.query("IDENTIFY_SYSTEM");
    const from = String(rows[0].xlogpos);
    const { connection } = receiver as unknown as { connection: Wire };
    void receiver.query(`START_REPLICATION PHYSICAL ${from}`).catch(() => {});
    const follower = () => lab.admin<Row>("SELECT replay_lsn, write_lsn FROM pg_stat_replication");
    await until(async () => (await follower()).length === 1);
    // Written and flushed up to here, nothing applied.
    const [high = "0", low = "0"] = from.split("/");
    const at = (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
    const status = Buffer.alloc(34);
    status.write("r");
    status.writeBigUInt64BE(at, 1);
    status.writeBigUInt64BE(at, 9);
    await until(async () => {
      connection.sendCopyFromChunk(status);
      const [one] = await follower();
      return one?.write_lsn !== null && one?.replay_lsn === null;
    });
    const run = await diagnose(pgConnectivity, { lagSeconds: 1 });
    expect(run.seen.replication).toMatchObject({
      value: { standbys: [{ name: "pg_receivewal", measuredBy: "received" }] },
    });
    expect(ids(run)).toEqual([]);
    await receiver.end().catch(() => {});
  });
});

interface Wire {
  sendCopyFromChunk(chunk: Buffer): void;
}
interface Row {
  write_lsn: string | null;
  replay_lsn: string | null;
}

describe("numbers run out", () => {
  it("because a forgotten prepared transaction holds vacuum back (C54)", async () => {
    const tm = await lab.session("tm");
    for (const part of ["BEGIN", "SELECT pg_current_xact_id()", "PREPARE TRANSACTION 'x'"])
      await tm.query(part);
    await lab.admin(
      "DO $$ BEGIN FOR i IN 1..200000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
    );
    const run = await diagnose();
    const finding = run.finding("wraparound");
    expect(finding.title).toMatch(
      /^Vacuum cannot freeze database \w+: 2\d\d,\d{3} transactions old, 2147 million left; prepared transaction 'x', open for .* holds it back$/,
    );
    expect(run.advice("vacuumNow")).toMatch(
      /^First end what holds vacuum back, oldest first: .*ROLLBACK PREPARED 'x'/,
    );
    expect(run.advice("vacuumNow")).not.toMatch(/single-user|restart the server/);
    await tm.query("ROLLBACK PREPARED 'x'");
    for (const name of ["shop", "postgres", "template1"]) {
      const dba = await lab.session("dba", lab.botUrl.replace("/shop", `/${name}`));
      await dba.query("VACUUM (FREEZE)");
      await dba.end();
    }
    await lab.admin(
      "UPDATE pg_database SET datfrozenxid = (SELECT datfrozenxid FROM pg_database WHERE datname = 'shop') WHERE datname = 'template0'",
    );
    await until(async () => ids(await diagnose()).length === 0);
  });

  it("of multixacts, too, which have a counter of their own", async () => {
    const [row] = await lab.admin<{ was: string }>(
      "SELECT datminmxid::text AS was FROM pg_database WHERE datname = 'shop'",
    );
    await lab.admin(
      "UPDATE pg_database SET datminmxid = ((mxid_age('1'::xid)::bigint + 4294967296 - 1989999999) % 4294967296)::text::xid WHERE datname = 'shop'",
    );
    const run = await diagnose();
    await lab.admin("UPDATE pg_database SET datminmxid = $1::xid WHERE datname = 'shop'", [row?.was]);
    expect(run.finding("multixact-wraparound")).toMatchObject({ severity: "critical" });
    expect(run.finding("multixact-wraparound").title).toMatch(/^15[78] million multixacts left /);
    expect(run.advice("vacuumNow")).toContain("mxid_age(relminmxid)");
  });
});

describe("a sequence near its end (C78)", () => {
  const made = async (...statements: string[]) => {
    for (const statement of statements) await lab.admin(statement);
  };

  it("is bound by itself or by the type of its column; bigint, CYCLE and half used ones are none", async () => {
    await made(
      "CREATE TABLE fine (id bigserial, half serial)",
      "SELECT setval('fine_id_seq', 2147483600), setval('fine_half_seq', 1000000000)",
      // Most have no column of their own, some one that is no integer: neither hides the others.
      "CREATE SEQUENCE alone",
      "CREATE TABLE exact (id numeric DEFAULT nextval('alone'))",
      "CREATE SEQUENCE round MAXVALUE 10 CYCLE",
      "SELECT setval('round', 10)",
    );
    expect(ids(await diagnose())).toEqual([]);
    await made("CREATE TABLE t (id serial)", "SELECT setval('t_id_seq', 2147483600)");
    const run = await diagnose();
    expect(run.findings[0]).toMatchObject({ id: "sequence-ends", severity: "critical" });
    expect(run.findings[0]?.title).toBe("Sequence public.t_id_seq is at 100 % of integer: 47 left");
    expect(run.advice("widenSequence")).toContain("Make public.t.id a bigint");
    await made(
      "DROP TABLE t",
      "CREATE SEQUENCE old_style",
      "CREATE TABLE u (id int DEFAULT nextval('old_style'), s smallserial)",
      "SELECT setval('old_style', 2000000000), setval('u_s_seq', 32000)",
    );
    const both = await diagnose();
    expect(both.seen.sequences).toMatchObject({
      value: {
        near: [
          { sequence: "public.u_s_seq", type: "smallint", left: 767 },
          { sequence: "public.old_style", column: "public.u.id", type: "integer", boundBy: "column" },
        ],
      },
    });
  });

  it("that the bot's role may not read is said not to have been seen", async () => {
    await made("CREATE ROLE blind LOGIN PASSWORD 'blind'", "GRANT pg_monitor TO blind");
    const run = await diagnose(pgConnectivity, {}, lab.appUrl.replace("app:app@", "blind:blind@"));
    expect(run.finding("could-not-look").because).toContain("GRANT SELECT ON ALL SEQUENCES");
    await made("DROP TABLE u, fine, exact", "DROP SEQUENCE old_style, round, alone", "DROP ROLE blind");
  });
});

describe("the table of locks is full (C52)", () => {
  it("names who holds the most, and the setting", async () => {
    await lab.admin(
      "DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('CREATE TABLE part_%s ()', i); COMMIT; END LOOP; END $$",
    );
    expect(ids(await diagnose(pgLocks))).toEqual([]);
    const migrate = await lab.session("migrate", lab.botUrl);
    await migrate.query("BEGIN");
    await migrate
      .query(
        "DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format('LOCK TABLE part_%s IN ACCESS SHARE MODE', i); END LOOP; END $$",
      )
      .catch(() => {});
    for (const runbook of [pgLocks, pgConnectivity]) {
      const run = await diagnose(runbook);
      expect(run.findings[0]?.title).toMatch(
        /^The lock table is full: session \d+ \(migrate of postgres\) holds \d+ of \d+ locks$/,
      );
      expect(run.findings[0]?.because).toContain("however much memory the machine has");
      expect(run.advice("makeLockRoom")).toMatch(/max_locks_per_transaction \(now 10\)/);
    }
    await migrate.query("ROLLBACK");
  });
});

describe("a standby (M8)", () => {
  it("that gets nothing from its primary is not in step, though all it has is replayed", async () => {
    await lab.admin("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
    await lab.pause();
    const port = await freePort();
    appendFileSync(
      join(lab.data, "postgresql.conf"),
      `primary_conninfo = 'host=127.0.0.1 port=${port} user=replica'\n`,
    );
    const signal = join(lab.data, "standby.signal");
    writeFileSync(signal, "");
    const { uid, gid } = statSync(lab.data);
    chownSync(signal, uid, gid);
    await lab.start();
    const run = await diagnose(pgConnectivity, { standby: true });
    expect(run.findings[0]).toMatchObject({ id: "receives-nothing", severity: "critical" });
    expect(run.findings[0]?.title).toMatch(/^This standby receives nothing from its primary: /);
    expect(run.advice("receiveAgain")).toContain("pg_hba.conf has no `replication` line");
    // The tables are far over the age of this server, which is its primary's matter: nothing can be vacuumed here.
    const vacuum = await diagnose(pgVacuum);
    expect(ids(vacuum)).not.toContain("freeze-behind");
    expect(JSON.stringify(vacuum.findings)).toContain("this is a standby: vacuum works");
    await lab.admin("SELECT pg_wal_replay_pause()");
    expect((await diagnose(pgConnectivity, { standby: true })).finding("replay-paused").remedies).toEqual([
      "resumeReplay",
    ]);
    await lab.admin("SELECT pg_promote()");
    await until(async () => (await diagnose(pgConnectivity)).findings.length === 0);
  });
});

describe("a library that orders text and was replaced", () => {
  it("is said with the indexes it concerns; one that was not is silent", async () => {
    const { admin } = lab;
    await admin(
      "CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' ENCODING 'UTF8'",
    );
    const url = lab.botUrl.replace(/shop$/, "sorted");
    const inside = new pg.Client({ connectionString: url });
    await inside.connect();
    await inside.query(
      'CREATE TABLE names (id int PRIMARY KEY, name text UNIQUE, code text COLLATE "C" UNIQUE)',
    );
    expect(ids(await diagnose(pgConnectivity, {}, url))).toEqual([]);
    await admin("UPDATE pg_database SET datcollversion = '0.9' WHERE datname = 'sorted'");
    const found = await diagnose(pgConnectivity, {}, url);
    expect(ids(found)).toEqual(["collation-changed"]);
    expect(found.finding("collation-changed").title).toMatch(
      /^The order of text may have changed under database sorted: made with collation version 0\.9, the server now has 1$/,
    );
    expect(found.finding("collation-changed").because).toContain("1 index of sorted is in that order");
    expect(found.advice("reindexText")).toMatch(
      /REINDEX .* Only then: ALTER DATABASE "?sorted"? REFRESH COLLATION VERSION, which changes nothing but/,
    );
    // Asked through another database of the same server, it is said whose it is.
    const other = (await diagnose()).finding("collation-changed");
    expect(other.because).toContain("In shop itself nothing is concerned");
    await inside.end();
    await admin("DROP DATABASE sorted WITH (FORCE)");
    expect(ids(await diagnose())).not.toContain("collation-changed");
  });
});
