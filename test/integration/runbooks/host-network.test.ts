// Network namespaces of our own: a machine (HERE), and another (THERE) at the end of its wire.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hostNetwork } from "../../../runbooks/host/host-network.ts";
import { judgeLinks } from "../../../src/connectors/host/links/links.ts";
import { networkConnectorWith } from "../../../src/connectors/network/index.ts";
import { firewallSpaces } from "../../helpers/firewall-spaces.ts";
import { hostBench, minimalMachine, whyNoMinimal } from "../../helpers/host-bench.ts";

const spaces = firewallSpaces("net");
const { skip, HERE, THERE, within, SERVER, CLIENT, end, run, sh } = spaces;
const CARD = "diagbotnet0";

describe.skipIf(skip !== undefined)(`the network of a machine (skipped: ${skip ?? "no"})`, () => {
  beforeAll(spaces.start);
  afterAll(spaces.stop);
  afterEach(end);
  beforeEach(() =>
    sh(
      HERE,
      `ip link set ${CARD} up; ip addr replace ${SERVER}/24 dev ${CARD}; ip route flush root 198.51.100.0/24; ip neigh flush all; nft flush ruleset`,
    ),
  );

  /** What is found where the machine has a service at that address. */
  const diagnose = async (host: string, params: Record<string, unknown> = {}, port = 7000) => {
    const bench = hostBench(
      within,
      {},
      { connections: { api: { kind: "tcp", host, port } }, connectors: [networkConnectorWith({})] },
    );
    return bench.diagnose(hostNetwork, params).finally(() => bench.close());
  };
  const ids = async (...asked: Parameters<typeof diagnose>) =>
    (await diagnose(...asked)).findings.map(({ id }) => id);
  const listens = () =>
    run([
      "ip",
      "netns",
      "exec",
      THERE,
      process.execPath,
      "-e",
      'require("net").createServer((s) => s.on("error", () => {})).listen(7000, "0.0.0.0", () => console.log(1))',
    ]);

  it("nothing where ten of ten connections come about, or the other machine refuses: the network has done its part", async () => {
    expect(await ids(CLIENT)).toEqual([]);
    await listens();
    const { findings, seen } = await diagnose(CLIENT, { tries: 10 });
    expect(findings).toEqual([]);
    expect(seen.links).toMatchObject({ ok: true, value: { ways: [{ connects: Array(10).fill("ok") }] } });
  });

  it("no route, and routes that forbid it", async () => {
    const { finding } = await diagnose("198.51.100.7");
    expect(finding("no-way:198.51.100.7:7000").because).toContain("no default route for IPv4");
    for (const [type, words] of [
      ["blackhole", "throws packets"],
      ["prohibit", "forbids"],
      ["unreachable", "answers for it"],
    ] as const) {
      sh(HERE, `ip route replace ${type} 198.51.100.0/24`);
      const found = await diagnose("198.51.100.7");
      expect(found.finding("no-way:198.51.100.7:7000").because).toContain(words);
      sh(HERE, `ip route del ${type} 198.51.100.0/24`);
    }
  });

  it("an interface without carrier on the way; one beside it that nobody uses is none of our business", async () => {
    sh(HERE, "ip link add spare type bridge; ip addr add 172.30.0.1/24 dev spare; ip link set spare up");
    await listens();
    expect(await ids(CLIENT)).toEqual([]);
    sh(HERE, "ip link del spare");
    sh(THERE, "ip link set diagbotnet1 down");
    const { finding } = await diagnose(CLIENT);
    expect(finding(`link-down:${CLIENT}:7000`).title).toContain(`over ${CARD}, which has no carrier`);
    sh(THERE, "ip link set diagbotnet1 up");
  });

  it("a gateway that does not answer, and a bridge that covers an address that is elsewhere", async () => {
    sh(HERE, `ip route replace 198.51.100.0/24 via 192.0.2.99`);
    const gateway = await diagnose("198.51.100.7");
    expect(gateway.finding("silent-neighbour:198.51.100.7:7000").title).toContain("gateway 192.0.2.99");
    sh(
      HERE,
      "ip route del 198.51.100.0/24; ip link add br-x type bridge; ip link add p0 type veth peer name p1; ip link set p0 master br-x; ip link set p0 up; ip link set p1 up; ip addr add 198.51.100.1/24 dev br-x; ip link set br-x up",
    );
    const bridge = await diagnose("198.51.100.7");
    expect(bridge.finding("silent-neighbour:198.51.100.7:7000").because).toContain(
      "covers an address that is really elsewhere",
    );
    sh(HERE, "ip link del br-x; ip link del p0");
  });

  it("packets that are dropped look the same as a machine that is off, and both are said; every other one is intermittent", async () => {
    await listens();
    sh(
      HERE,
      `nft add table inet t; nft add chain inet t out '{ type filter hook output priority 0; }'; nft add rule inet t out tcp dport 7000 drop`,
    );
    const { finding } = await diagnose(CLIENT);
    expect(finding(`unanswered:${CLIENT}:7000`).because).toMatch(
      /Either a firewall .* or the other machine is off/,
    );
    sh(
      HERE,
      "nft flush ruleset; nft add table inet t; nft add chain inet t out '{ type filter hook output priority 0; }'; nft add rule inet t out tcp dport 7000 ct state new numgen inc mod 2 == 0 reject with tcp reset",
    );
    const some = await diagnose(CLIENT, { tries: 4 });
    expect(some.finding(`intermittent:${CLIENT}:7000`).title).toMatch(/2 of 4 connections/);
  });

  it("a name the machine does not know", async () => {
    expect(await ids("no-such-name.invalid")).toEqual(["no-address:no-such-name.invalid:7000"]);
  });

  it.skipIf(whyNoMinimal() !== undefined)("busybox alone is said not to have been looked at", async () => {
    const machine = minimalMachine();
    const bench = hostBench(machine.prefix);
    const { findings } = await bench.diagnose(hostNetwork).finally(() => bench.close());
    machine.stop();
    expect(findings.map(({ id }) => id)).toEqual(["could-not-look"]);
  });
});

it("an address that another machine has, and frames that arrive damaged", () => {
  const addr = JSON.stringify([
    {
      ifname: "eth0",
      flags: ["UP", "LOWER_UP"],
      mtu: 1500,
      addr_info: [{ local: "2001:db8::2", prefixlen: 64, dadfailed: true }],
    },
  ]);
  const at = (n: number) => `/sys/class/net/eth0/statistics/rx_errors:${n}`;
  const seen = judgeLinks([addr, "[]", "[]", at(5), at(9), "", "[]"].join("\n==\n"), false);
  expect(seen.links[0]).toMatchObject({ taken: ["2001:db8::2/64"], addresses: [], errors: 4 });
});
