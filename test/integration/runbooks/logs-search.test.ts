// The real journal of a systemd in a container, real files over a real sshd, and a real dockerd.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logsSearch } from "../../../runbooks/logs/logs-search.ts";
import { dockerConnector } from "../../../src/connectors/docker/index.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { type PrivateEngine, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { workFolder } from "../../helpers/host.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const connectors = [systemdConnector, hostConnector, dockerConnector];
const diagnoseOn = async (connections: Record<string, unknown>, params: Record<string, unknown> = {}) => {
  const bench = openBench({ connections, connectors });
  return bench.diagnose(logsSearch, params).finally(() => bench.close());
};

describe.skipIf(process.platform !== "linux")("log files of a machine", () => {
  const folder = workFolder();
  const now = Math.floor(Date.now() / 1000);
  const stamp = (ago: number) => new Date((now - ago) * 1000).toISOString();
  const path = join(folder, "app.log");
  const logs = [{ name: "app", path }];
  const write = (file: string, ago: number, lines: readonly string[]) => {
    writeFileSync(file, `${lines.join("\n")}\n`);
    utimesSync(file, now - ago, now - ago);
  };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("what is new and what is more frequent than the hour before, over rotated and packed files", async () => {
    write(join(folder, "app.log.2"), 3_700, [
      `${stamp(7_300)} INFO begin`,
      `${stamp(5_000)} ERROR payment 17 failed`,
      `${stamp(4_000)} ERROR payment 18 failed`,
    ]);
    execFileSync("gzip", [join(folder, "app.log.2")]);
    utimesSync(join(folder, "app.log.2.gz"), now - 3_700, now - 3_700);
    write(join(folder, "app.log.9"), 90_000, [`${stamp(90_000)} ERROR of yesterday`]);
    write(path, 0, [
      ...Array.from({ length: 12 }, (_one, n) => `${stamp(1_000 - n)} ERROR payment ${n} failed`),
      `${stamp(500)} ERROR cannot reach db password=hunter2`,
      "  at connect (db.js:1)",
      `${stamp(400)} INFO 0 errors`,
    ]);
    const { finding, findings } = await diagnoseOn({ machine: { kind: "host", local: true, logs } });
    expect(findings.map(({ id }) => id)).toEqual(["more-errors:machine/app", "new-errors:machine/app"]);
    expect(finding("more-errors:machine/app").because).toContain(
      "12 in the last 60 min, 2 in the 60 min before",
    );
    expect(finding("new-errors:machine/app").severity).toBe("info");
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  });

  it("by=path gives percentiles of each path, by=address counts who was refused, a proxy's address is said to be one", async () => {
    const asked = (ago: number, ip: string, path: string, status: number, ms: number) =>
      JSON.stringify({ time: stamp(ago), remote_addr: ip, path, status, duration_ms: ms });
    write(path, 0, [
      `${stamp(7_300)} INFO begin`,
      ...Array.from({ length: 40 }, (_one, n) => asked(900 - n, "10.0.0.1", `/orders/${n}`, 200, 10 + n)),
      ...Array.from({ length: 30 }, (_one, n) => asked(800 - n, "203.0.113.9", "/login", 401, 5)),
      asked(700, "198.51.100.7", "/login", 401, 5),
      asked(5_000, "198.51.100.7", "/login", 401, 5),
    ]);
    const machine = { machine: { kind: "host", local: true, logs } };
    const paths = await diagnoseOn(machine, { by: "path" });
    expect(paths.finding("by-path:machine/app").title).toBe(
      "2 paths in machine/app: /orders/<n> slowest, 95 of 100 within 47 ms",
    );
    const refused = await diagnoseOn(machine, { by: "address", field: "status=401" });
    const { title, because, evidence } = refused.finding("by-address:machine/app");
    expect(title).toMatch(/^2 addresses in machine\/app: 203\.0\.113\.9 /);
    expect(because).toContain("1 of them was not there in the time before");
    expect(JSON.stringify(evidence)).toContain('"198.51.100.7"');
    const proxied = await diagnoseOn(machine, { by: "address", field: "status=200" });
    expect(proxied.finding("by-address:machine/app").because).toContain("mostly a proxy in front");
    const nobody = await diagnoseOn(machine, { by: "session" });
    expect(nobody.finding("by-session:machine/app").title).toBe("No line of machine/app says its session");
  });

  it("the same errors as before are no news, and a quiet file is no fault", async () => {
    write(path, 0, [
      `${stamp(7_300)} INFO begin`,
      `${stamp(5_000)} ERROR job 1 failed`,
      `${stamp(100)} ERROR job 2 failed`,
    ]);
    rmSync(join(folder, "app.log.2.gz"), { force: true });
    expect((await diagnoseOn({ machine: { kind: "host", local: true, logs } })).findings).toEqual([]);
    write(path, 50_000, [`${stamp(50_000)} ERROR long ago`]);
    expect((await diagnoseOn({ machine: { kind: "host", local: true, logs } })).findings).toEqual([]);
  });

  it("fields of JSON lines, durations, and lines that are none (trap jq-nonjson, trap slow-endpoints-count)", async () => {
    const json = (ms: number, who: string) =>
      JSON.stringify({
        time: stamp(60),
        level: "info",
        component: "api",
        path: "/pay",
        user: who,
        duration_ms: ms,
        msg: "request done",
      });
    write(path, 0, [
      json(20, "bob"),
      '{"level":"error","msg":"cut off',
      json(2_500, "bob"),
      json(3_000, "eve"),
    ]);
    const slow = await diagnoseOn({ machine: { kind: "host", local: true, logs } }, { longerMs: 1_000 });
    expect(slow.finding("slow:machine/app").title).toBe("The slowest in machine/app took 3.0 s");
    expect(slow.finding("lines:machine/app").because).toContain("1 line that should be JSON cannot be read");
    const bob = await diagnoseOn({ machine: { kind: "host", local: true, logs } }, { field: "user=bob" });
    expect(bob.finding("lines:machine/app").title).toContain("2 lines in machine/app");
  });

  it("the day in a path is the machine's; no file at all is said, and a path that is not listed is never read (trap log-rotation-mp)", async () => {
    const [day = ""] = execFileSync("date", ["+%Y%m%d"], { encoding: "utf8" }).split("\n");
    mkdirSync(join(folder, day));
    write(join(folder, day, "app.log"), 0, [`${stamp(10)} ERROR of today`]);
    const daily = [
      { name: "daily", path: join(folder, "%Y%m%d/app.log") },
      { name: "none", path: join(folder, "none.log") },
    ];
    const { finding } = await diagnoseOn(
      { machine: { kind: "host", local: true, logs: daily } },
      { pattern: "OF TODAY" },
    );
    expect(finding("lines:machine/daily").title).toBe("1 line in machine/daily, of 1 kind");
    expect(finding("could-not-look").because).toContain("there is no such file");
  });

  it("a system without any log says so", async () => {
    expect(
      (await diagnoseOn({ machine: { kind: "host", local: true } })).findings.map(({ id }) => id),
    ).toEqual(["no-logs"]);
  });
});

const noSystemd = whyNoSystemd();
describe.skipIf(noSystemd !== undefined)(
  `the journal${noSystemd === undefined ? "" : ` (skipped: ${noSystemd})`}`,
  () => {
    let machine: SystemdMachine;
    beforeAll(async () => {
      machine = await startSystemd();
    });
    afterAll(() => machine?.stop());

    it("lines of the units grouped, by the program's own level; of a journal that begins later nothing is called new", async () => {
      machine.unit({
        "shop-api.service":
          "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'for n in 1 2 3; do echo ERROR order $n lost; done; echo 0 errors'\n",
      });
      machine.sh("systemctl start shop-api; journalctl --sync");
      const units = {
        kind: "systemd",
        ssh: machine.ssh,
        identity: machine.identity,
        knownHosts: machine.knownHosts,
        units: ["shop-*"],
      };
      const { finding, findings } = await diagnoseOn({ units });
      expect(finding("lines:units").title).toBe("3 lines in units, of 1 kind");
      expect(finding("lines:units").because).toContain("what is new cannot be told");
      expect(JSON.stringify(finding("lines:units").evidence)).toContain("order <n> lost");
      expect(findings.map(({ id }) => id)).toEqual(["lines:units", "could-not-look"]);
      const found = await diagnoseOn({ units }, { pattern: "order 2" });
      expect(found.finding("lines:units").title).toBe("1 line in units, of 1 kind");
      // A unit that never wrote a line there is none that was quiet.
      const wrong = await diagnoseOn({ units: { ...units, units: ["shop-*", "schop-web"] } });
      expect(JSON.stringify(wrong.finding("could-not-look"))).toContain("what schop-web.service writes");
    });
  },
);

const noDocker = whyNoDocker();
describe.skipIf(noDocker !== undefined)(
  `containers${noDocker === undefined ? "" : ` (skipped: ${noDocker})`}`,
  () => {
    let engine: PrivateEngine;
    beforeAll(async () => {
      engine = await startDocker();
    });
    afterAll(() => engine?.stop());

    const connections = () => ({ engine: { kind: "docker", socket: engine.socket, project: "shop" } });

    it("a project without a container has no quiet log: its name may be wrong", async () => {
      const { finding } = await diagnoseOn(connections());
      expect(finding("could-not-look").title).toContain("the logs of the project shop");
    });

    it("errors of a container that was made just now are shown, and not called new: its predecessor's log went with it", async () => {
      const command = ["sh", "-c", "for n in 1 2 3 4 5 6; do echo ERROR: order $n lost; done; echo fine"];
      await engine.run({ name: "loud", project: "shop", command });
      const found = await until(async () => {
        const { findings } = await diagnoseOn(connections());
        return findings.length > 0 && findings;
      });
      expect(found.map(({ id }) => id)).toEqual(["lines:engine/loud"]);
      expect(found[0]?.because).toContain("what is new cannot be told");
    });

    it("a container of the name asked for is shown as a whole, both streams, masked; its neighbour is not", async () => {
      const says = (what: string) => ["sh", "-c", `echo ${what} is ready; echo "token=hunter22secret" >&2`];
      await engine.run({ name: "calm-worker", project: "calm", command: says("worker") });
      await engine.run({ name: "calm-web", project: "calm", command: says("web") });
      const connections = { engine: { kind: "docker", socket: engine.socket, project: "calm" } };
      const found = await until(async () => {
        const { findings } = await diagnoseOn(connections, { component: "worker", minutes: 15 });
        return JSON.stringify(findings).includes("token=") && findings;
      });
      expect(found.map(({ severity }) => severity)).toEqual(["info"]);
      const shown = JSON.stringify(found);
      expect(shown).toContain("worker is ready");
      expect(shown).not.toContain("hunter22secret");
      expect(shown).not.toContain("web is ready");
    });
  },
);
