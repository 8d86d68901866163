import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArguments } from "../../../local/arguments.ts";
import { createCleanups } from "../../../local/tryout/cleanups.ts";
import { takeFolder } from "../../../local/tryout/folder.ts";
import { freePort, freePorts } from "../../../local/tryout/ports.ts";
import { bornAt, endProcess, pidFiles } from "../../../local/tryout/processes.ts";
import { tryoutSecrets } from "../../../local/tryout/secrets.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "diagbot-tryout-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const TAKES_PORTS = fileURLToPath(new URL("../../helpers/takes-ports.ts", import.meta.url));

const sleeper = () => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true });

describe("cleanups", () => {
  it("run last in first out, all of them, once", async () => {
    const done: string[] = [];
    const cleanups = createCleanups();
    cleanups.add("first", () => void done.push("first"));
    cleanups.add("broken", () => Promise.reject(new Error("no")));
    cleanups.add("last", async () => void done.push("last"));
    expect(await Promise.all([cleanups.run(), cleanups.run()])).toEqual([["broken: no"], ["broken: no"]]);
    expect(done).toEqual(["last", "first"]);
  });
});

describe("ports", () => {
  it("are different ones, and another one than a taken one", async () => {
    expect(new Set(await freePorts(5)).size).toBe(5);
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    expect(await freePort(port)).not.toBe(port);
    server.close();
    await once(server, "close");
    expect(await freePort(port)).toBe(port);
  });

  it("are nobody else's, in this process and in others, while it lives", async () => {
    // So many that one would come twice if they were drawn without being held.
    const count = 200;
    const other = spawn(process.execPath, ["--import", "tsx", TAKES_PORTS], {
      env: { ...process.env, PORTS: String(count) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = once(other, "exit");
    try {
      const [said] = (await Promise.race([once(other.stdout, "data"), ended])) as [unknown];
      const ours = [...(await freePorts(count)), ...(await freePorts(count))];
      expect(new Set([...ours, ...(JSON.parse(String(said)) as number[])]).size).toBe(3 * count);
    } finally {
      other.stdin.end();
      await ended;
    }
  });
});

describe("pid files", () => {
  it("end what an earlier start left running", async () => {
    const child = sleeper();
    const pids = pidFiles(join(folder, "pids"));
    await pids.note("left", child.pid!);
    const ended = once(child, "exit");
    expect(await pids.clean()).toEqual(["left"]);
    await ended;
    expect(await bornAt(child.pid!)).toBeUndefined();
    expect(await pids.clean()).toEqual([]);
  });

  it("leave alone whoever was given the number since", async () => {
    const child = sleeper();
    const pids = pidFiles(folder);
    await writeFile(join(folder, "other.pid"), JSON.stringify({ pid: child.pid, born: "another time" }));
    expect(await pids.clean()).toEqual([]);
    expect(await bornAt(child.pid!)).toBeDefined();
    await endProcess(child.pid!, { graceMs: 2000 });
    expect(await bornAt(child.pid!)).toBeUndefined();
  });

  it("kill what does not listen", async () => {
    const child = spawn(
      process.execPath,
      ["-e", "process.on('SIGTERM', () => {}); console.log(1); setInterval(() => {}, 1000)"],
      {
        detached: true,
      },
    );
    await once(child.stdout, "data");
    await endProcess(child.pid!, { graceMs: 100 });
    expect(await bornAt(child.pid!)).toBeUndefined();
  });
});

describe("the folder", () => {
  it("belongs to one demo at a time, and to the next when that one is gone", async () => {
    const taken = await takeFolder(folder);
    await expect(takeFolder(folder)).rejects.toThrow(/already running/);
    await taken.release();
    await writeFile(join(folder, "demo.lock"), JSON.stringify({ pid: 1, born: "another time" }));
    await (await takeFolder(folder)).release();
  });

  it("keeps its secrets", async () => {
    const path = join(folder, "secrets.json");
    const secrets = await tryoutSecrets(path);
    expect(secrets.alertmanager.length).toBeGreaterThanOrEqual(32);
    expect(await tryoutSecrets(path)).toEqual(secrets);
    await writeFile(path, "{ half");
    expect(await tryoutSecrets(path)).not.toEqual(secrets);
  });
});

describe("arguments", () => {
  it("have defaults", () => {
    expect(readArguments([])).toEqual({
      script: false,
      socket: false,
      help: false,
      port: 8080,
      only: undefined,
    });
    expect(readArguments(["--script", "--only", "a", "--only", "b"])).toMatchObject({ only: ["a", "b"] });
  });
  it.each([[["--port", "eighty"]], [["--prot", "1"]], [["stray"]]])("refuse %j", (argv) => {
    expect(() => readArguments(argv)).toThrow();
  });
});
