// A real systemd in a container over this machine's root, reached by a real sshd.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unitChange } from "../../../runbooks/systemd/unit-change.ts";
import { systemdConnector } from "../../../src/connectors/systemd/index.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const missing = whyNoSystemd();
const API = "[Service]\nExecStart=/bin/sleep 100000\n";

describe.skipIf(missing !== undefined)(`unit-change (skipped: ${missing ?? "no"})`, () => {
  let machine: SystemdMachine;
  let bench: Bench;
  beforeAll(async () => {
    machine = await startSystemd();
  });
  afterAll(() => machine?.stop());
  beforeEach(() => {
    const { ssh, identity, knownHosts } = machine;
    bench = openBench({
      connections: {
        // Only what hangs is to end: a busy machine shakes hands slowly.
        units: { kind: "systemd", ssh, identity, knownHosts, units: ["shop-*"], connectSeconds: 60 },
      },
      connectors: [systemdConnector],
    });
  });
  afterEach(async () => {
    await bench.close();
    machine.clear("shop-api.service");
  });
  const up = (text = API) => {
    machine.unit({ "shop-api.service": text });
    machine.sh("systemctl start shop-api");
  };
  const show = (property: string) => machine.sh(`systemctl show -p ${property} --value shop-api`).trim();
  const environ = () =>
    machine.sh("tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value shop-api)/environ");

  it("another log level for a time, in the process itself, and exactly back (trap debug-logging-ttl)", async () => {
    up();
    expect(environ()).not.toContain("LOG_LEVEL");
    const diagnosis = await bench.diagnose(unitChange, { level: "DEBUG" });
    expect(diagnosis.finding("level-asked")).toMatchObject({ severity: "warning", remedies: ["setLevel"] });
    expect(diagnosis.finding("level-asked").title).toContain("again when the time is over");
    const applied = await diagnosis.apply("setLevel");
    expect(applied.holds).toBe(true);
    expect(environ()).toContain("LOG_LEVEL=DEBUG");
    expect((await bench.diagnose(unitChange, { level: "DEBUG" })).finding("level-asked")).toMatchObject({
      severity: "info",
      title: "shop-api.service has LOG_LEVEL=DEBUG already",
    });
    await applied.undo();
    await until(() => show("ActiveState") === "active" && !environ().includes("LOG_LEVEL"));
    expect(show("DropInPaths")).toBe("");
  });

  it("a unit that somebody has stopped meanwhile is started neither by the write nor by its way back", async () => {
    up();
    const stop = async () => void machine.sh("systemctl stop shop-api");
    const diagnosis = await bench.diagnose(unitChange, { level: "DEBUG" });
    await expect(diagnosis.apply("setLevel", stop)).rejects.toThrow(/shop-api\.service was stopped since/);
    expect(show("DropInPaths")).toBe("");
    machine.sh("systemctl start shop-api");
    const applied = await (await bench.diagnose(unitChange, { level: "DEBUG" })).apply("setLevel");
    await stop();
    await applied.undo();
    expect([show("DropInPaths"), show("ActiveState")]).toEqual(["", "inactive"]);
  });

  it("a restart that is asked for: done once approved, silent without the word, its changed file said", async () => {
    // Of a name of its own: how often a unit was started within the hour is remembered by its name.
    machine.unit({ "shop-anew.service": API });
    machine.sh("systemctl start shop-anew");
    const invocation = () => machine.sh("systemctl show -p InvocationID --value shop-anew").trim();
    const before = invocation();
    const silent = await bench.diagnose(unitChange, { unit: "shop-anew" });
    expect(silent.findings.map(({ id }) => id)).toEqual(["not-said"]);
    // Written, and not read by systemd.
    writeFileSync(join(machine.root, "etc/systemd/system/shop-anew.service"), `${API}# changed\n`);
    const diagnosis = await bench.diagnose(unitChange, { unit: "shop-anew", restart: true });
    expect(diagnosis.finding("restart-asked").remedies).toEqual(["restart"]);
    expect(diagnosis.finding("restart-asked").because).toContain("daemon-reload` first");
    const applied = await diagnosis.apply("restart");
    expect(applied.previews[0]?.changes[0]).toContain("restart shop-anew.service (active, running");
    expect(applied.holds).toBe(true);
    expect(invocation()).not.toBe(before);
    machine.clear("shop-anew.service");
  });

  it("it is in force for a time without being asked for one", () => {
    for (const name of ["setLevel", "limitCpu"]) expect(unitChange.remedies[name]).toHaveProperty("inForce");
  });

  it("a file of the environment that sets it wins: no drop-in is offered, and the told lines do it and take it back", async () => {
    writeFileSync(join(machine.root, "etc/shop.env"), "LOG_LEVEL=info\nTOKEN=abc\n");
    up("[Service]\nEnvironmentFile=/etc/shop.env\nExecStart=/bin/sleep 100000\n");
    const { finding, advice } = await bench.diagnose(unitChange, { unit: "shop-api", level: "DEBUG" });
    expect(finding("level-asked")).toMatchObject({ severity: "info", remedies: ["changeFile"] });
    expect(finding("level-asked").title).toContain("from /etc/shop.env, which wins");
    const commands = [...advice("changeFile").matchAll(/`(sudo [^`]+)`/g)].map(([, line = ""]) =>
      line.replaceAll("sudo ", ""),
    );
    machine.sh(commands[0] ?? "");
    expect(environ()).toContain("LOG_LEVEL=DEBUG");
    machine.sh(commands[1] ?? "");
    // Between fork and exec it still has the environment of systemd.
    await until(() => environ().includes("LOG_LEVEL=info"));
    expect(machine.sh("cat /etc/shop.env")).toBe("LOG_LEVEL=info\nTOKEN=abc\n");
  });

  it("values of other variables are never asked for", () => {
    for (const variable of ["API_TOKEN", "LOGIN_PASSWORD", "LOG_KEY", "A;B"])
      expect(unitChange.params.safeParse({ level: "DEBUG", variable }).success).toBe(false);
  });

  it("less CPU for a time, without a restart, and back", async () => {
    up();
    const pid = show("MainPID");
    const applied = await (await bench.diagnose(unitChange, { cpuPercent: 50 })).apply("limitCpu");
    expect(applied.holds).toBe(true);
    expect(show("CPUQuotaPerSecUSec")).toBe("500ms");
    await applied.undo();
    expect(show("CPUQuotaPerSecUSec")).toBe("infinity");
    expect(show("MainPID")).toBe(pid);
  });

  it("a restart every night: what is told is taken by systemd as it stands, and ends by itself", async () => {
    up();
    const { finding, advice } = await bench.diagnose(unitChange, { nightly: "02:00" });
    expect(finding("nightly-asked").because).toContain("diagbot starts no write by itself");
    const [service = "", timer = ""] = [...advice("nightly").matchAll(/```\n([\s\S]*?)\n```/g)].map(
      ([, text = ""]) => text,
    );
    machine.unit({ "restart-shop-api.service": `${service}\n`, "restart-shop-api.timer": `${timer}\n` });
    expect(machine.sh("systemd-analyze verify /etc/systemd/system/restart-shop-api.timer 2>&1")).toBe("");
    machine.sh("systemctl start restart-shop-api.timer");
    expect(machine.sh("systemctl list-timers --all --no-pager restart-shop-api.timer")).toMatch(
      /02:0\d|02:10/,
    );
    machine.clear("restart-shop-api.timer", "restart-shop-api.service");
  });

  it("nothing asked for, nothing found; a name nobody knows is said", async () => {
    up();
    expect((await bench.diagnose(unitChange)).findings).toEqual([]);
    expect(
      (await bench.diagnose(unitChange, { unit: "nobody", level: "DEBUG" })).finding("not-said").because,
    ).toContain("shop-api.service");
  });
});
