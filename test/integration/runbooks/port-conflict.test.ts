// Real sockets in a network namespace of our own, a real systemd with its journal, a machine of busybox alone.
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { portConflict } from "../../../runbooks/host/port-conflict.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { onPath, startDocker, whyNoDocker } from "../../helpers/docker.ts";
import { whyNoMount, workFolder } from "../../helpers/host.ts";
import { hostBench, minimalMachine, NOBODY, processes, whyNoMinimal } from "../../helpers/host-bench.ts";
import { freePort } from "../../helpers/ports.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { type SystemdMachine, startSystemd, whyNoSystemd } from "../../helpers/systemd.ts";
import { until } from "../../helpers/until.ts";

const skip = whyNoMount() ?? (onPath("ip") === undefined ? "ip is not on the PATH" : undefined);
const SPACE = `diagbot-port-${process.pid}`;
const within = ["ip", "netns", "exec", SPACE];
const { run, end } = processes();
afterEach(end);

/** A server in Node: its listen options as JSON. */
const server = (...listens: object[]) =>
  `const net = require("net"); let left = ${listens.length}; for (const one of ${JSON.stringify(listens)}) net.createServer(() => {}).listen(one, () => --left || console.log(1));`;
const listen = (source: string, prefix: readonly string[] = within) =>
  run([...prefix, process.execPath, "-e", source]);
const diagnose = async (params: object, prefix: readonly string[] = within, settings: object = {}) => {
  const bench = hostBench(prefix, settings);
  return {
    ...(await bench.diagnose(portConflict, params as Record<string, unknown>)),
    close: () => bench.close(),
  };
};
const idsOf = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(skip !== undefined)(`port-conflict (skipped: ${skip ?? "no"})`, () => {
  beforeAll(() => {
    execFileSync("ip", ["netns", "add", SPACE]);
    const set =
      "ip link set lo up; echo '50000 50099' > /proc/sys/net/ipv4/ip_local_port_range; echo 1024 > /proc/sys/net/ipv4/ip_unprivileged_port_start";
    execFileSync("ip", ["netns", "exec", SPACE, "sh", "-c", set]);
  });
  afterAll(() => execFileSync("ip", ["netns", "del", SPACE]));

  it("a process nobody looks after is named, and asked to end once approved", async () => {
    const child = await listen(server({ port: 8000, host: "0.0.0.0" }));
    const diagnosis = await diagnose({ port: 8000, service: "api.service" });
    const finding = diagnosis.finding("taken:8000");
    expect(finding.title).toContain(
      `held by node (pid ${child.pid}), which no unit and no container looks after`,
    );
    expect(finding.title).toContain("not by api.service");
    expect(finding.remedies).toEqual(["freePort", "movePort"]);
    const applied = await diagnosis.apply("freePort");
    expect(applied.previews[0]?.changes[0]).toContain(`send SIGTERM to process ${child.pid}`);
    expect(applied.holds).toBe(true);
    await until(() => child.signalCode === "SIGTERM");
    expect(idsOf(await diagnose({ port: 8000 }))).toEqual(["free:8000"]);
  });

  it("a process that takes no notice of SIGTERM is said to hold it still; another that has its port by then is left alone", async () => {
    const deaf = await listen(`process.on("SIGTERM", () => {}); ${server({ port: 8001 })}`);
    const bench = hostBench(within, {}, { patienceMs: 200 });
    const diagnosis = await bench.diagnose(portConflict, { port: 8001, service: "api" });
    expect((await diagnosis.apply("freePort")).holds).toBe(false);
    expect(deaf.signalCode).toBeNull();
    await end();
    const other = await listen(server({ port: 8001 }));
    const late = await diagnosis.apply("freePort");
    expect(late.outputs).toEqual([]);
    expect(other.signalCode).toBeNull();
    await bench.close();
  });

  it("held by whom it is meant for, or asked without a name: no conflict", async () => {
    await listen(server({ port: 8002 }));
    expect(idsOf(await diagnose({ port: 8002, service: "node" }))).toEqual([]);
    const held = (await diagnose({ port: 8002 })).finding("held:8002");
    expect(held.severity).toBe("info");
    expect(held.remedies).toEqual([]);
  });

  it("an outgoing connection that was given the port keeps the service from it", async () => {
    await listen(
      `const net = require("net"); net.createServer(() => {}).listen(9000, "127.0.0.1", () => net.connect({ port: 9000, host: "127.0.0.1", localPort: 50010 }, () => console.log(1)))`,
    );
    const diagnosis = await diagnose({ port: 50_010, service: "api" });
    const finding = diagnosis.finding("ephemeral:50010");
    expect(finding.title).toContain("as its own port of a connection to 127.0.0.1:9000");
    expect(diagnosis.advice("reservePort")).toContain("ip_local_reserved_ports=50010");
  });

  it("a socket of IPv6 alone and one of IPv4 are two programs on one port", async () => {
    await listen(server({ port: 8003, host: "::", ipv6Only: true }));
    // Another program by name: what runs is the same binary under a name of its own.
    await run([...within, "/usr/bin/python3", "-c", PYTHON(8003)]);
    const finding = (await diagnose({ port: 8003 })).finding("split:8003");
    expect(finding.because).toContain("IPv4, the other for IPv6");
  });

  it("workers that share a port by SO_REUSEPORT are one; another program that joins them is not", async () => {
    const worker = PYTHON(8004, true);
    await run([...within, "/usr/bin/python3", "-c", worker]);
    await run([...within, "/usr/bin/python3", "-c", worker]);
    expect(idsOf(await diagnose({ port: 8004, service: "python3" }))).toEqual([]);
    const folder = workFolder();
    symlinkSync("/usr/bin/python3", join(folder, "old-release"));
    await run([...within, join(folder, "old-release"), "-c", worker]);
    const finding = (await diagnose({ port: 8004 })).finding("split:8004");
    expect(finding.because).toContain("SO_REUSEPORT");
    rmSync(folder, { recursive: true });
  });

  it("a listener in another network namespace is no conflict", async () => {
    const port = await freePort();
    const child = await listen(server({ port }), within);
    const finding = (await diagnose({ port, service: "api" }, [])).finding(`free:${port}`);
    expect(finding.because).toContain(`node (pid ${child.pid})`);
    expect(finding.because).toContain("no conflict");
  });

  it("whoever is not root is told that the process is hidden", async () => {
    await listen(server({ port: 8005 }));
    const diagnosis = await diagnose({ port: 8005, service: "api" }, [...within, ...NOBODY]);
    expect(diagnosis.finding("taken:8005").title).toContain("a process of uid 0");
    expect(diagnosis.finding("taken:8005").remedies).toEqual(["stopHolder", "movePort"]);
    expect(diagnosis.finding("could-not-look").because).toContain("only root sees");
  });
});

const PYTHON = (port: number, reuse = false) => `import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if ${reuse ? "True" : "False"} else socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", ${port})); s.listen(5); print(1); sys.stdout.flush(); time.sleep(1000)`;

const minimal = whyNoMinimal();
it.skipIf(minimal !== undefined)(`a machine of busybox alone (skipped: ${minimal ?? "no"})`, async () => {
  const port = await freePort();
  const child = await listen(server({ port, host: "127.0.0.1" }), []);
  const { prefix, stop } = minimalMachine();
  try {
    const finding = (await diagnose({ port, service: "api" }, prefix)).finding(`taken:${port}`);
    expect(finding.title).toContain(`node (pid ${child.pid})`);
    // Without a journal it has to be told which port.
    expect((await diagnose({}, prefix)).finding("no-port").because).toContain("no journalctl");
  } finally {
    stop();
  }
});

const noDocker = whyNoDocker();
it.skipIf(noDocker !== undefined)(
  `a published port is its container's (skipped: ${noDocker ?? "no"})`,
  async () => {
    const engine = await startDocker();
    const port = await freePort();
    try {
      const network = await engine.api.createNetwork({
        Name: "lab",
        IPAM: { Config: [{ Subnet: "172.31.252.0/24" }] },
        Options: { "com.docker.network.bridge.name": "diagbot-port0" },
      });
      const id = await engine.run({
        ...{ name: "old", project: "shop", command: ["httpd", "-f", "-p", "80"] },
        host: {
          NetworkMode: "lab",
          PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
        },
        more: { ExposedPorts: { "80/tcp": {} } },
      });
      const diagnosis = await diagnose({ port, service: "api.service" }, []);
      const short = id.slice(0, 12);
      expect(diagnosis.finding(`taken:${port}`).title).toContain(
        `a published port of container ${short} (172.31.252.`,
      );
      expect(diagnosis.finding(`taken:${port}`).remedies).toEqual(["stopHolder", "movePort"]);
      expect(diagnosis.advice("stopHolder")).toContain(`docker stop ${short}`);
      expect(idsOf(await diagnose({ port, service: id }, []))).toEqual([]);
      await engine.clear("shop");
      await network.remove();
    } finally {
      await engine.stop();
    }
  },
);

const missing = whyNoSystemd();
describe.skipIf(missing !== undefined)(`under systemd (skipped: ${missing ?? "no"})`, () => {
  let machine: SystemdMachine;
  let bench: Bench;
  let port = 0;
  const made = ["shop-a.service", "shop-b.service", "shop-c.socket", "shop-c.service"];
  beforeAll(async () => {
    machine = await startSystemd();
    const { ssh, identity, knownHosts } = machine;
    bench = openBench({
      connections: { machine: { kind: "host", ssh, identity, knownHosts } },
      connectors: [hostConnector],
    });
  });
  afterAll(async () => {
    await bench?.close();
    await machine?.stop();
  });
  afterEach(() => machine.clear(...made));
  const service = (source: string, more = "") =>
    `[Service]\n${more}ExecStart=${process.execPath} -e '${source}'\n`;
  const on = (at: number, host = "0.0.0.0") =>
    `require("net").createServer(() => {}).listen(${at}, "${host}")`;
  const listening = () => until(() => machine.sh(`ss -Hltn sport = :${port}`) !== "");
  const fail = async (name: string) => {
    machine.sh(`systemctl start ${name}`);
    await until(() => /failed/.test(machine.sh(`systemctl show -p ActiveState --value ${name}`)));
    machine.sh("journalctl --sync");
  };

  it("the port of the journal's last failure is looked at: another unit has it, and is stopped by its unit", async () => {
    port = await freePort();
    machine.unit({ "shop-a.service": service(on(port)), "shop-b.service": service(on(port)) });
    machine.sh("systemctl start shop-a");
    await listening();
    await fail("shop-b");
    const diagnosis = await bench.diagnose(portConflict);
    const finding = diagnosis.finding(`taken:${port}`);
    expect(finding.title).toMatch(/held by node \(pid \d+\) of shop-a\.service, not by shop-b\.service/);
    expect(finding.because).toContain("Two services are set to the same port");
    expect(finding.remedies).toEqual(["stopHolder", "movePort"]);
    expect(diagnosis.advice("stopHolder")).toContain("systemctl disable --now shop-a.service");
    // The write itself refuses a unit's process.
    const pid = Number(machine.sh("systemctl show -p MainPID --value shop-a"));
    const startTicks = Number(machine.sh(`awk '{ print $22 }' /proc/${pid}/stat`));
    const call = {
      action: "host.free-port",
      input: { port, protocol: "tcp", pid, startTicks, name: "node" },
    };
    expect((await bench.preview(call)).refused).toContain("it belongs to shop-a.service");
  });

  it("once the holder has gone it is free again, and nobody has come back", async () => {
    port = await freePort();
    machine.unit({ "shop-a.service": service(on(port)), "shop-b.service": service(on(port)) });
    machine.sh("systemctl start shop-a");
    await listening();
    await fail("shop-b");
    machine.sh("systemctl stop shop-a");
    const { findings } = await bench.diagnose(portConflict, { port });
    expect(idsOf({ findings })).toEqual([`free-again:${port}`]);
  });

  it("a unit that failed and then got its port is well", async () => {
    port = await freePort();
    machine.unit({ "shop-a.service": service(on(port)), "shop-b.service": service(on(port)) });
    machine.sh("systemctl start shop-a");
    await listening();
    await fail("shop-b");
    machine.sh("systemctl stop shop-a; systemctl reset-failed shop-b; systemctl start shop-b");
    await listening();
    expect(idsOf(await bench.diagnose(portConflict, { port }))).toEqual([]);
  });

  it("systemd holds it for a socket unit: well where it starts the service, a conflict for another", async () => {
    port = await freePort();
    machine.unit({
      "shop-c.socket": `[Socket]\nListenStream=127.0.0.1:${port}\n`,
      "shop-c.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
      "shop-b.service": service(on(port)),
    });
    machine.sh("systemctl start shop-c.socket");
    await listening();
    expect(idsOf(await bench.diagnose(portConflict, { port, service: "shop-c" }))).toEqual([]);
    await fail("shop-b");
    const diagnosis = await bench.diagnose(portConflict);
    expect(diagnosis.finding(`taken:${port}`).title).toContain(
      "systemd for shop-c.socket, which starts shop-c.service, not by shop-b.service",
    );
    expect(diagnosis.advice("stopHolder")).toContain("systemctl disable --now shop-c.socket");
  });

  it("a privileged port, and an address that is not there, are no conflict", async () => {
    machine.sh("sysctl -w net.ipv4.ip_unprivileged_port_start=1024");
    machine.unit({ "shop-a.service": service(on(81), "User=visitor\n") });
    await fail("shop-a");
    const denied = await bench.diagnose(portConflict);
    expect(denied.finding("privileged:81").remedies).toEqual(["allowPort", "movePort"]);
    machine.clear("shop-a.service");
    machine.unit({ "shop-a.service": service(on(8_990, "192.0.2.77")) });
    await fail("shop-a");
    expect((await bench.diagnose(portConflict)).finding("no-address:8990").title).toContain("shop-a.service");
  });
});
