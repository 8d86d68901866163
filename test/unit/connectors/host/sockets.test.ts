// Emulated: tables of /proc as machines have them that no test can make here.
import { describe, expect, it } from "vitest";
import { conntrackFinding, listenFindings, portFindings } from "../../../../runbooks/host/limits-network.ts";
import { conntrackOf } from "../../../../src/connectors/host/conntrack.ts";
import { netstatOf, parseListeners, parseQueues } from "../../../../src/connectors/host/listeners.ts";
import { addressOf, parseDestinations, portsIn } from "../../../../src/connectors/host/ports.ts";
import { judgeSockets, type Sockets } from "../../../../src/connectors/host/sockets.ts";

const PORTS = 28_232;
const line = (n: number, state: string, to: string, inode = 0) => `${n} ${state} 0100000A ${to} ${inode}`;
const owners = new Map([["77", { pid: 9, name: "php-fpm" }]]);
const seenOf = (lines: string[], reuse: number, more: Partial<Sockets> = {}): Sockets => ({
  ...{
    ports: PORTS,
    reuse,
    connections: { open: 0, timeWait: 0 },
    conntrack: null,
    listeners: [],
    seconds: 2,
  },
  destinations: parseDestinations(lines.join("\n"), { ports: PORTS, reuse }, owners),
  ...{ overflows: { now: 0, since: 0 }, drops: { now: 0, since: 0 }, ...more },
});

describe("ephemeral ports", () => {
  it("27,000 in TIME_WAIT to one database are the fault; what keeps none would help", () => {
    const seen = seenOf([line(27_500, "wait", "0200000A:1538"), line(40, "open", "0200000A:1538", 77)], 2);
    const [finding] = portFindings(seen);
    expect(finding).toMatchObject({ id: "ports:10.0.0.2:5432", severity: "critical" });
    expect(finding?.title).toContain("php-fpm (pid 9)");
    expect(finding?.because).toContain("Most are in TIME_WAIT");
  });

  it("20,000 in TIME_WAIT spread over many destinations are none: each destination has all the ports", () => {
    const lines = Array.from({ length: 20 }, (_, n) =>
      line(1_000, "wait", `${(n + 10).toString(16)}00000A:1538`),
    );
    expect(portFindings(seenOf(lines, 0))).toEqual([]);
  });

  it("TIME_WAIT holds no port where the kernel takes them again; on loopback only with 2", () => {
    const away = [line(27_500, "wait", "0200000A:1538")];
    const here = [line(27_500, "wait", "0100007F:1538")];
    expect(portFindings(seenOf(away, 1))).toEqual([]);
    expect(portFindings(seenOf(here, 2))).toEqual([]);
    expect(portFindings(seenOf(away, 2))).toHaveLength(1);
  });

  it("a range without what is reserved in it, and addresses of both families", () => {
    expect(portsIn("32768\t60999", "")).toBe(28_232);
    expect(portsIn("32768 60999", "8080,40000-40009,60999-61005")).toBe(28_232 - 11);
    expect(addressOf("0100007F")).toBe("127.0.0.1");
    expect(addressOf("0000000000000000FFFF00000100007F")).toBe("127.0.0.1");
    expect(addressOf("00000000000000000000000001000000")).toBe("::1");
  });
});

describe("tracked connections", () => {
  const table = (drop: string) =>
    `entries  clashres found insert_failed drop early_drop\n0000ffff  00000000 00000000 00000009 ${drop} 00000000\n0000ffff  00000000 00000000 00000000 00000001 00000000\n`;

  it("a full table that drops now, with where its entries lead", () => {
    const conntrack = conntrackOf(
      "65536\n65536\n",
      table("00000010"),
      table("0000001a"),
      "41000 udp 10.0.0.53:53",
    );
    const finding = conntrackFinding(seenOf([], 2, { conntrack }));
    expect(finding).toMatchObject({ id: "conntrack", severity: "critical" });
    expect(finding?.title).toBe("65536 of 65536 tracked connections (100 %); 10 packets dropped within 2 s");
    expect(finding?.because).toContain("udp 10.0.0.53:53 (41000)");
  });

  it("drops since boot, none now, are none; without the module nothing can be full", () => {
    const conntrack = conntrackOf("900\n65536\n", table("0000ff00"), table("0000ff00"), "");
    expect(conntrack).toMatchObject({ drops: 0 });
    expect(conntrackFinding(seenOf([], 2, { conntrack }))).toBeUndefined();
    expect(conntrackOf("", "", "", "")).toBeNull();
    expect(conntrackOf("9\n10\n", "", "", "")).toMatchObject({ drops: null, earlyDrops: null });
  });
});

describe("queues of listening sockets", () => {
  it("64,586 overflows since boot and none now are none", () => {
    expect(listenFindings(seenOf([], 2, { overflows: { now: 0, since: 64_586 } }))).toEqual([]);
  });

  it("a short queue is work; one at its backlog is the fault, with its owner", () => {
    const ss =
      'LISTEN 3 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=5,fd=6))\nLISTEN 129 128 *:9000 *:* users:(("java",pid=7,fd=8))\nLISTEN 0 128 *:22 *:*\n';
    const [finding] = listenFindings(
      seenOf([], 2, { listeners: parseListeners(ss), overflows: { now: 4, since: 9 } }),
    );
    expect(finding).toMatchObject({ severity: "critical" });
    expect(finding?.title).toBe("The queue of *:9000 is full: 129 wait, 128 may (java (pid 7))");
  });

  it("without ss the queue is seen and its backlog is not: that is said, not guessed", () => {
    expect(parseQueues("0100007F:1F90 00000000:00000081")).toEqual([
      { address: "127.0.0.1:8080", waiting: 129, backlog: null, owner: "" },
    ]);
    expect(judgeSockets("").notSeen).toMatchObject([{ fix: "install iproute2" }]);
  });

  it("counters stand by name, in whichever column", () => {
    const text = "TcpExt: A ListenOverflows ListenDrops\nTcpExt: 1 22 333\nIpExt: B\nIpExt: 4\n";
    expect([netstatOf(text, "ListenOverflows"), netstatOf(text, "B"), netstatOf(text, "C")]).toEqual([
      22,
      4,
      undefined,
    ]);
  });
});
