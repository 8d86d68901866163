// Real limits of a real kernel: a network namespace with few ports, sockets nobody accepts from, a process at its ulimit.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hostLimits } from "../../../runbooks/host/host-limits.ts";
import { onPath } from "../../helpers/docker.ts";
import { endProcess, whyNoMount } from "../../helpers/host.ts";
import { hostBench } from "../../helpers/host-bench.ts";
import { until } from "../../helpers/until.ts";

const skip = whyNoMount() ?? (onPath("ip") === undefined ? "ip is not on the PATH" : undefined);
const SPACE = `diagbot-${process.pid}`;
const within = ["ip", "netns", "exec", SPACE];
const started: ChildProcess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) await endProcess(child);
});

/** Runs a program until the test is over; `ready` is what it prints first. */
async function run(argv: readonly string[]): Promise<ChildProcess> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  started.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}

const diagnose = async (prefix: readonly string[] = []) => {
  const bench = hostBench(prefix);
  return bench.diagnose(hostLimits).finally(() => bench.close());
};
const about = (findings: readonly { id: string }[], what: string) =>
  findings.filter(({ id }) => id.startsWith(what)).map(({ id }) => id);

describe.skipIf(skip !== undefined)(`limits of the network (skipped: ${skip ?? "no"})`, () => {
  beforeAll(() => {
    execFileSync("ip", ["netns", "add", SPACE]);
    const set = "ip link set lo up; echo '50000 50019' > /proc/sys/net/ipv4/ip_local_port_range";
    execFileSync("ip", ["netns", "exec", SPACE, "sh", "-c", set]);
  });
  afterAll(() => execFileSync("ip", ["netns", "del", SPACE]));

  /** So many connections to each of these ports, of one process to itself. */
  const connect = (ports: readonly number[], each: number) =>
    run([
      ...within,
      process.execPath,
      "-e",
      `const net = require("net"); let left = ${ports.length * each};
      for (const port of ${JSON.stringify(ports)}) net.createServer((s) => s.on("error", () => {})).listen(port, "127.0.0.1", () => {
        for (let n = 0; n < ${each}; n++) net.connect(port, "127.0.0.1", () => --left || console.log("ready")).on("error", () => {}); });`,
    ]);

  it("names the destination whose ports are used up, and who holds them", async () => {
    const child = await connect([9_000], 18);
    const diagnosis = await diagnose(within);
    const finding = diagnosis.finding("ports:127.0.0.1:9000");
    expect(finding.title).toContain("18 of 20 ephemeral ports from 127.0.0.1 to 127.0.0.1 port 9000");
    expect(finding.title).toContain(`(pid ${child.pid})`);
    expect(finding.because).toContain("Most are open");
    expect(diagnosis.advice("reuseConnections")).toContain("127.0.0.1 port 9000");
  });

  it("as many connections to several destinations use up none", async () => {
    await connect([9_001, 9_002, 9_003], 6);
    const { findings } = await diagnose(within);
    expect(about(findings, "ports:")).toEqual([]);
  });

  it("a program that does not accept: its queue is full, and connections are lost", async () => {
    const deaf = await run([
      ...within,
      process.execPath,
      "-e",
      `require("net").createServer().listen(9100, "127.0.0.1", 1, () => { console.log(1); for (;;); })`,
    ]);
    const clients = `for (let n = 0; n < 8; n++) require("net").connect(9100, "127.0.0.1").on("error", () => {}); console.log(1)`;
    await run([...within, process.execPath, "-e", clients]);
    const queue = () => execFileSync("ip", ["netns", "exec", SPACE, "ss", "-Hltn"], { encoding: "utf8" });
    await until(() => /LISTEN\s+2\s+1\s/.test(queue()));
    const finding = (await diagnose(within)).finding("listen-queue");
    expect(finding.title).toBe(`The queue of 127.0.0.1:9100 is full: 2 wait, 1 may (node (pid ${deaf.pid}))`);
  });
});

describe.skipIf(process.platform !== "linux")("open files", () => {
  const opener = (limit: number, files: number) =>
    run([
      "sh",
      "-c",
      `ulimit -n ${limit}; exec "$0" -e 'const held = []; try { for (let n = 0; n < ${files}; n++) held.push(require("fs").openSync("/etc/passwd")); } catch {} require("fs").writeSync(1, "ready"); setInterval(() => held, 1000)'`,
      process.execPath,
    ]);

  it("of a process at its own limit are found with what they are; many below a high limit are not", async () => {
    const child = await opener(96, 1_000);
    const well = await opener(4_000, 1_000);
    const diagnosis = await diagnose();
    const finding = diagnosis.finding(`files:${child.pid}`);
    expect(finding).toMatchObject({ severity: "critical" });
    expect(finding.title).toMatch(/ has 9\d of 96 files open/);
    expect(finding.because).toContain("of them in /etc");
    expect(about(diagnosis.findings, `files:${well.pid}`)).toEqual([]);
    expect(diagnosis.advice("raiseFiles")).toContain(`--pid ${child.pid}`);
  });
});

const PIDS = "/sys/fs/cgroup/pids";
const noGroup = (): string | undefined => {
  try {
    mkdirSync(`${PIDS}/${SPACE}`);
    rmdirSync(`${PIDS}/${SPACE}`);
    return undefined;
  } catch {
    return "no control group of tasks can be made";
  }
};
const closed = noGroup();

it.skipIf(closed !== undefined)(
  `a control group at its limit of tasks (skipped: ${closed ?? "no"})`,
  async () => {
    const folder = `${PIDS}/${SPACE}`;
    mkdirSync(folder);
    writeFileSync(`${folder}/pids.max`, "5");
    try {
      for (let n = 0; n < 4; n++) {
        const child = await run(["sh", "-c", "echo 1; exec sleep 600"]);
        writeFileSync(`${folder}/cgroup.procs`, String(child.pid));
      }
      const finding = (await diagnose()).finding(`tasks-group:/pids/${SPACE}`);
      expect(finding.title).toBe(`4 of 5 tasks in /pids/${SPACE} (80 %)`);
    } finally {
      for (const child of started.splice(0)) await endProcess(child);
      await until(() => {
        rmdirSync(folder);
        return true;
      });
    }
  },
);
