// Real dumps by pg_dump, real restores by pg_restore on a server of their version.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { pgBackups } from "../../../runbooks/host/pg-backups.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import type { Connector } from "../../../src/core/words/connector.ts";
import { host } from "../../../src/sdk/index.ts";
import { type DumpServer, startDumpServer, whyNoDumps } from "../../helpers/dumps.ts";
import { workFolder } from "../../helpers/host.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const missing = whyNoDumps();

describe.skipIf(missing !== undefined)(missing ?? "pg-backups", () => {
  let server: DumpServer;
  let folder: string;
  const work = workFolder();
  const benches: Bench[] = [];

  beforeAll(async () => {
    server = await startDumpServer();
    await server.admin("CREATE DATABASE shop");
    await server.admin("CREATE TABLE orders AS SELECT n FROM generate_series(1, 1234) n", "shop");
    await server.admin('CREATE TABLE "Odd, name" AS SELECT 1 AS n', "shop");
    await server.admin("CREATE TABLE empty (n int)", "shop");
  });
  afterEach(async () => {
    await Promise.all(benches.splice(0).map((bench) => bench.close()));
    for (const { datname } of await server.admin<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datname LIKE 'diagbot%'",
    ))
      await server.admin(`DROP DATABASE "${datname}"`);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const open = (user = "rehearser", more = {}) => {
    const restore = { user, host: "127.0.0.1", port: server.port };
    const bench = openBench({
      connections: {
        machine: { kind: "host", local: true, dumps: [{ name: "shop", folder, restore, ...more }] },
      },
      connectors: [hostConnector as Connector],
    });
    benches.push(bench);
    return bench;
  };
  const fresh = (name: string) => {
    folder = join(work, name);
    mkdirSync(folder);
  };
  const at = (file: string) => join(folder, file);
  const age = (file: string, hours: number) => {
    const time = Date.now() / 1000 - hours * 3600;
    utimesSync(at(file), time, time);
  };
  const diagnose = (params = {}) => open().diagnose(pgBackups, params);
  const ids = async (params = {}) => (await diagnose(params)).findings.map(({ id }) => id);

  it("whole and new ones of each format are healthy", async () => {
    fresh("formats");
    server.dump("shop", at("a.dump"), "c");
    age("a.dump", 3);
    server.dump("shop", at("b.sql"), "p");
    age("b.sql", 2);
    const { findings, seen } = await diagnose();
    expect(findings).toEqual([]);
    expect(seen.dumps).toMatchObject({
      value: {
        folders: [
          {
            newest: [
              { file: "b.sql", format: "plain", end: "whole" },
              { file: "a.dump", format: "custom", end: "whole" },
            ],
          },
        ],
      },
    });
    execFileSync("gzip", [at("b.sql")]);
    writeFileSync(at("c.gz"), execFileSync("gzip", ["-c", at("a.dump")]));
    expect(await ids()).toEqual([]);
  });

  it("one that broke off is told from one that is being written, whatever its format", async () => {
    fresh("cut");
    server.dump("shop", at("whole.sql"), "p");
    age("whole.sql", 20);
    const text = readFileSync(at("whole.sql"));
    writeFileSync(at("half.sql"), text.subarray(0, text.length - 100));
    // A minute old: it may not be done yet, and the one before it counts.
    expect(await ids()).toEqual([]);
    age("half.sql", 1);
    const broken = await diagnose();
    expect(broken.findings.map(({ id, severity }) => [id, severity])).toEqual([
      ["dump-cut:shop", "critical"],
    ]);
    expect(broken.findings[0]?.because).toContain("lacks the line with which pg_dump ends");
    rmSync(at("half.sql"));
    writeFileSync(at("half.sql.gz"), execFileSync("gzip", ["-c", at("whole.sql")]).subarray(0, 300));
    age("half.sql.gz", 1);
    expect(await ids()).toEqual(["dump-cut:shop"]);
    rmSync(at("half.sql.gz"));
    server.dump("shop", at("half.dump"), "c");
    writeFileSync(at("half.dump"), readFileSync(at("half.dump")).subarray(0, 40));
    age("half.dump", 1);
    expect(await ids()).toEqual(["dump-cut:shop"]);
    writeFileSync(at("half.dump"), "");
    age("half.dump", 1);
    expect((await diagnose()).findings[0]?.title).toBe("The newest dump of shop, half.dump, is empty");
  });

  it("old, none, from the future, much smaller than before", async () => {
    fresh("ages");
    expect((await diagnose()).finding("no-dump:shop").because).toContain("holds no file");
    server.dump("shop", at("a.sql"), "p");
    age("a.sql", 40);
    expect((await diagnose()).finding("dump-old:shop").severity).toBe("warning");
    age("a.sql", 60);
    expect((await diagnose()).finding("dump-old:shop").severity).toBe("critical");
    age("a.sql", -5);
    expect(await ids()).toEqual(["dump-ahead:shop"]);
    age("a.sql", 1);
    for (const n of [1, 2, 3]) {
      writeFileSync(at(`b-2026-11-0${n}.sql`), "x".repeat(100_000));
      age(`b-2026-11-0${n}.sql`, 20 + n);
    }
    // Of another database in the same folder its size says nothing.
    expect(await ids()).toEqual([]);
    for (const n of [1, 2, 3]) renameSync(at(`b-2026-11-0${n}.sql`), at(`a Nov ${n}.sql`));
    expect((await diagnose()).finding("dump-shrunk:shop").because).toContain(
      "is whole by its end, so either",
    );
    rmSync(folder, { recursive: true });
    expect((await diagnose()).finding("no-dump:shop").because).toContain("does not exist");
    expect(await ids({ dumps: "other" })).toEqual(["other-dumps"]);
  });

  it("checksums, logs and roles beside it are no dumps, and a folder (-Fd) is one", async () => {
    fresh("beside");
    server.dump("shop", at("shop.dump"), "c");
    age("shop.dump", 2);
    for (const name of ["shop.dump.sha256", "backup.log", "globals.sql", "shop.dump.part", ".nfs1"]) {
      writeFileSync(at(name), "x");
      age(name, 1);
    }
    for (const n of [1, 2, 3]) {
      writeFileSync(at(`shop_${n}.dump`), readFileSync(at("shop.dump")));
      age(`shop_${n}.dump`, 20 + n);
    }
    expect(await ids()).toEqual([]);
    server.dump("shop", at("shop.dir"), "d");
    expect(await ids()).toEqual([]);
    expect((await diagnose()).seen.dumps).toMatchObject({
      value: { folders: [{ newest: [{ file: "shop.dir", format: "directory", end: "whole" }, {}] }] },
    });
    writeFileSync(at("shop.dir/toc.dat"), "PGDMP");
    age("shop.dir/toc.dat", 1);
    expect(await ids()).toEqual(["dump-cut:shop"]);
  });

  it("one of -Fc that lost the end of its data is not whole, though its table of contents is read", async () => {
    fresh("end");
    server.dump("shop", at("a.dump"), "c");
    const all = readFileSync(at("a.dump"));
    writeFileSync(at("a.dump"), all.subarray(0, all.length - 200));
    age("a.dump", 1);
    expect(await ids()).toEqual(["dump-cut:shop"]);
  });

  it("only folders: what is in them was not looked at, and that is no missing dump", async () => {
    fresh("nested");
    mkdirSync(at("daily"));
    writeFileSync(at("daily/a.sql"), "x");
    const { finding } = await diagnose();
    expect(finding("no-dump:shop")).toMatchObject({ severity: "warning" });
    expect(finding("no-dump:shop").because).toContain("It holds 1 folder and no file");
  });

  it("what is in it cannot be told: that is said", async () => {
    fresh("strange");
    writeFileSync(at("a.zst"), Buffer.from("28b52ffd00000000", "hex"));
    const [only] = (await diagnose()).findings;
    expect(only?.id).toBe("could-not-look");
    expect(only?.because).toContain("neither a plain dump, nor one through gzip, nor pg_dump -Fc");
  });

  it("restores into a database of its own, counts, and drops it again", async () => {
    fresh("restored");
    server.dump("shop", at("it's.dump"), "c");
    const run = await diagnose({ restore: true });
    expect(run.finding("rehearsal:shop").remedies).toEqual([
      "restoreCopy",
      "restoreInPlace",
      "recoverToTime",
    ]);
    const applied = await run.apply("restoreCopy");
    expect(applied.holds).toBe(true);
    const [out] = applied.outputs as { database: string; rows: unknown[] }[];
    expect(out).toMatchObject({ tables: 3, inDump: 3, errors: [] });
    expect(out?.rows).toContainEqual({ table: "public.orders", rows: 1234 });
    expect(await server.admin("SELECT count(*)::int AS n FROM orders", out?.database)).toEqual([{ n: 1234 }]);
    expect((await (await diagnose({ restore: true })).apply("restoreCopy")).previews[0]?.nothingToDo).toMatch(
      /holds it already$/,
    );
    await applied.undo();
    expect(await server.admin("SELECT FROM pg_database WHERE datname LIKE 'diagbot%'")).toEqual([]);
    expect(run.advice("restoreInPlace")).toMatch(
      /pg_restore -w --exit-on-error .* -d shop_restored '.*it'\\''s\.dump':.*ALTER DATABASE "shop" RENAME TO "shop_before"/,
    );
    expect(run.advice("recoverToTime")).toContain("recovery.signal");
  });

  it("does not restore a plain one, by a superuser, or where no server is named", async () => {
    fresh("refused");
    server.dump("shop", at("a.sql"), "p");
    expect((await diagnose({ restore: true })).finding("rehearsal:shop").remedies).not.toContain(
      "restoreCopy",
    );
    const call = (file: string) => host.restoreCopy({ name: "shop", file });
    expect((await open().preview(call("a.sql"))).refused).toContain("commands of psql");
    server.dump("shop", at("b.dump"), "c");
    expect((await open("boss").preview(call("b.dump"))).refused).toContain("its role is a superuser");
    expect((await open("nobody").preview(call("b.dump"))).refused).toContain("no password supplied");
    expect((await open("rehearser", { restore: undefined }).preview(call("b.dump"))).refused).toContain(
      "diagbot.yaml names no server",
    );
    expect((await open().preview(call("../b.dump"))).refused).toContain("not among the newest two");
  });

  it("drops no database that is not its own, whatever it is called", async () => {
    fresh("own");
    await server.admin("CREATE DATABASE diagbot_shop_00000000");
    const database = "diagbot_shop_00000000";
    await expect(open().call(host.dropCopy({ name: "shop", database }))).rejects.toMatchObject({
      code: "target_refused",
    });
    expect(() => host.dropCopy({ name: "shop", database: "shop" })).toThrow();
    expect(await server.admin(`SELECT FROM pg_database WHERE datname = '${database}'`)).toHaveLength(1);
  });

  it("what pg_restore could not do is told, and is no success", async () => {
    fresh("errors");
    await server.admin("CREATE DATABASE spoilt");
    await server.admin("CREATE TABLE t AS SELECT 1 AS n", "spoilt");
    await server
      .admin("CREATE FUNCTION c() RETURNS int LANGUAGE c AS 'nowhere', 'x'", "spoilt")
      .catch(() => {});
    await server.admin("CREATE EXTENSION amcheck", "spoilt");
    server.dump("spoilt", at("a.dump"), "c");
    const call = host.restoreCopy({ name: "shop", file: "a.dump" });
    const out = await open().call(call);
    expect(out.tables).toBe(1);
    expect(out.errors.join()).toMatch(/permission denied to create extension "amcheck"/);
    await server.admin("DROP DATABASE spoilt");
  });
});
