// Two network namespaces with a wire between them: what the rules are said to do is compared with what connections do.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { blockIp } from "../../../runbooks/host/block-ip.ts";
import { firewallBook } from "../../../runbooks/host/firewall.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { betweenFiles, firewallSpaces } from "../../helpers/firewall-spaces.ts";
import { hostBench, minimalMachine, NOBODY, whyNoMinimal } from "../../helpers/host-bench.ts";

const spaces = firewallSpaces();
const { skip, HERE, THERE, within, SERVER, CLIENT, OTHER, run, end, sh, nft, serve, sees } = spaces;
afterEach(end);
const settings = { firewall: { never: ["198.51.100.0/24"] } };
const diagnose = async (
  book: typeof blockIp,
  params: Record<string, unknown>,
  prefix: readonly string[] = within,
  more: object = settings,
) => {
  const bench = hostBench(prefix, more);
  return { ...(await bench.diagnose(book, params)), bench };
};
const idsOf = ({ findings }: { findings: readonly { id: string }[] }) => findings.map(({ id }) => id);

describe.skipIf(skip !== undefined)(`a firewall of our own (skipped: ${skip ?? "no"})`, () => {
  beforeAll(spaces.start);
  afterAll(spaces.stop);
  afterEach(() => sh(HERE, "nft flush ruleset"));

  it("says of each port what a connection meets", async () => {
    nft(`table inet filter {
      set web { type inet_service; elements = { 8000, 8001 } }
      chain extra { tcp dport 8002 counter drop
        tcp dport 8003 reject with tcp reset
        return;
      }
      chain input { type filter hook input priority 0; policy drop;
        ct state established,related accept
        iifname "lo" accept
        udp dport 8005 accept
        tcp dport @web accept
        jump extra
        ip saddr 192.0.2.3 tcp dport 8004 accept
        tcp dport 8006-8009 accept
      }
    }
    table ip raw { chain early { type filter hook prerouting priority -300; tcp dport 8007 drop;
    }
    }`);
    await serve(8000, 8002, 8003, 8004, 8005, 8006, 8007);
    const bench = hostBench(within, settings);
    for (const [port, from] of [
      [8000],
      [8002],
      [8003],
      [8004],
      [8004, OTHER],
      [8005],
      [8006],
      [8007],
    ] as const) {
      const seen = await bench.call(host.firewall({ port, ...(from === undefined ? {} : { from }) }));
      expect([port, from, seen.ip4?.is, seen.ip4?.isCertain]).toEqual([port, from, sees(port, from), true]);
    }
    await bench.close();
    const found = (await diagnose(firewallBook, { port: 8002 })).finding("dropped:8002");
    expect(found.severity).toBe("warning");
    expect(found.title).toContain("inet filter extra: tcp dport 8002, drop");
    expect(JSON.stringify(found.evidence)).toMatch(/packets it counted","value":"[1-9]/);
    expect((await diagnose(firewallBook, { port: 8004 })).finding("dropped:8004").title).toContain(
      "policy drop",
    );
    expect(idsOf(await diagnose(firewallBook, { port: 8000 }))).toEqual([]);
    expect(idsOf(await diagnose(firewallBook, { port: 8008 }))).toEqual(["nobody:8008"]);
  });

  it("verdict maps, as rulesets of today have them, and what is sent on to somewhere else", async () => {
    nft(`table inet filter {
      map ports { type inet_service : verdict; elements = { 8003 : accept, 8004 : jump deny } }
      chain deny { counter drop
      }
      chain input { type filter hook input priority 0; policy drop;
        ct state vmap { established : accept, invalid : drop }
        tcp dport vmap { 8000 : accept, 8001 : drop, 8002 : jump deny }
        tcp dport vmap @ports
      }
    }`);
    await serve(8000, 8001, 8002, 8003, 8004);
    const bench = hostBench(within, settings);
    for (const port of [8000, 8001, 8002, 8003, 8004])
      expect([port, (await bench.call(host.firewall({ port }))).ip4?.is]).toEqual([port, sees(port)]);
    nft(
      "table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport 8001 redirect to :8000;\n}\n}",
    );
    expect(sees(8001)).toBe("accept");
    expect((await bench.call(host.firewall({ port: 8001 }))).ip4?.isCertain).toBe(false);
    await bench.close();
  });

  it("rules that iptables wrote, and one it cannot be sure of", async () => {
    sh(
      HERE,
      "iptables -A INPUT -p tcp --dport 8000 -m comment --comment x -j DROP; iptables -A INPUT -p tcp --dport 8001 -j REJECT; iptables -A INPUT -p tcp --dport 8002 -m recent --name x --update --seconds 60 -j DROP",
    );
    await serve(8000, 8001, 8002);
    const bench = hostBench(within, settings);
    for (const port of [8000, 8001])
      expect((await bench.call(host.firewall({ port }))).ip4?.is).toBe(sees(port));
    expect((await bench.call(host.firewall({ port: 8002 }))).ip4).toMatchObject({
      is: "accept",
      isCertain: false,
    });
    await bench.close();
  });

  it("a database everybody reaches; no firewall at all", async () => {
    await serve(6379);
    const diagnosis = await diagnose(firewallBook, { port: 6379 });
    expect(diagnosis.finding("open:6379").title).toContain("Redis");
    expect(diagnosis.advice("closeData")).toContain("`ufw deny 6379/tcp`");
    expect((await diagnose(firewallBook, {})).finding("policies").title).toContain("nothing is kept out");
  });

  it("rules for IPv4 say nothing of IPv6: a database that only the one keeps out is open by the other", async () => {
    sh(HERE, "ip -6 addr add 2001:db8::1/64 dev diagbotfw0 nodad");
    sh(THERE, "ip -6 addr add 2001:db8::2/64 dev diagbotfw1 nodad");
    nft("table ip filter { chain input { type filter hook input priority 0; policy drop;\n}\n}");
    await run([
      ...within,
      process.execPath,
      "-e",
      'require("net").createServer((s) => s.end()).listen(6379, "::", () => console.log(1))',
    ]);
    expect(sees(6379)).toBe("drop");
    expect(sees(6379, "2001:db8::2", "2001:db8::1")).toBe("accept");
    const { findings, finding } = await diagnose(firewallBook, { port: 6379 });
    expect(findings.map(({ id }) => id)).toEqual(["open-by-ipv6:6379", "dropped:6379"]);
    expect(finding("open-by-ipv6:6379").title).toContain("By IPv6: Everybody who reaches this machine");
    // Without an address of IPv6 nobody comes that way.
    sh(HERE, "ip -6 addr del 2001:db8::1/64 dev diagbotfw0");
    expect(idsOf(await diagnose(firewallBook, { port: 6379 }))).toEqual(["dropped:6379"]);
  });

  it("`goto` does not come back to the chain it was said in", async () => {
    nft(`table inet filter {
      chain other { tcp dport 8009 drop
      }
      chain input { type filter hook input priority 0; policy accept;
        tcp dport 8001 goto other
        tcp dport 8001 drop
      }
    }`);
    await serve(8001);
    const bench = hostBench(within, settings);
    expect((await bench.call(host.firewall({ port: 8001 }))).ip4?.is).toBe(sees(8001));
    await bench.close();
  });

  it("whoever may not read the rules is told so, and nothing is said of the port", async () => {
    await serve(8000);
    const diagnosis = await diagnose(firewallBook, { port: 8000 }, [...within, ...NOBODY]);
    expect(idsOf(diagnosis)).toEqual(["could-not-look"]);
    expect(JSON.stringify(diagnosis.findings)).toContain("sudoers");
  });

  it("blocks one address for a time, whatever other rules say, and lets it in again", async () => {
    nft("table inet filter { chain input { type filter hook input priority 0; policy drop; accept;\n}\n}");
    await serve(8000);
    expect(sees(8000)).toBe("accept");
    expect(idsOf(await diagnose(blockIp, {}))).toEqual([]);
    const diagnosis = await diagnose(blockIp, { address: CLIENT, minutes: 5 });
    expect(diagnosis.finding("asked-to-block").remedies).toEqual(["block", "elsewhere"]);
    const applied = await diagnosis.apply("block");
    expect(applied.holds).toBe(true);
    expect(sees(8000)).toBe("drop");
    expect(sees(8000, OTHER)).toBe("accept");
    expect((await diagnose(blockIp, {})).finding("blocked-now").title).toContain("1 address blocked");
    const again = await diagnose(blockIp, { address: CLIENT });
    expect(again.finding("is-blocked").title).toMatch(
      /blocked for another (4|5) min|blocked for another 2\d\d s/,
    );
    await applied.undo();
    expect(sees(8000)).toBe("accept");
    // With its last address the table goes.
    expect(sh(HERE, "nft list tables")).not.toContain("diagbot");
    expect(sh(HERE, "nft list tables")).toContain("filter");
  });

  it("IPv6 too, however it is written; of two the other stays when one is let in", async () => {
    const bench = hostBench(within, settings);
    await bench.call(host.blockAddress({ address: "2001:DB8:0:0::7", seconds: 600 }));
    await bench.call(host.blockAddress({ address: "203.0.113.9", seconds: 600 }));
    expect(
      (await bench.preview(host.blockAddress({ address: "2001:db8::7", seconds: 600 }))).nothingToDo,
    ).toContain("already");
    await bench.call(host.unblockAddress({ address: "203.0.113.9", seconds: 600 }));
    expect((await bench.call(host.blocked())).addresses.map(({ address }) => address)).toEqual([
      "2001:db8::7",
    ]);
    await bench.close();
  });

  it("what is blocked while another is let in stays blocked", async () => {
    const meanwhile = betweenFiles();
    const bench = hostBench([...within, ...meanwhile.prefix], settings);
    await bench.call(host.blockAddress({ address: "203.0.113.9", seconds: 600 }));
    meanwhile.set("add element inet diagbot blocked4 { 203.0.113.10 timeout 600s }");
    await bench.call(host.unblockAddress({ address: "203.0.113.9", seconds: 600 }));
    expect((await bench.call(host.blocked())).addresses.map(({ address }) => address)).toEqual([
      "203.0.113.10",
    ]);
    await bench.close();
    meanwhile.remove();
  });

  it.each([
    [SERVER, "this machine"],
    ["127.0.0.1", "not the address of one other machine"],
    ["255.255.255.255", "not the address of one other machine"],
    ["fe80::1", "not the address of one other machine"],
    ["::ffff:192.0.2.2", "not the address of one other machine"],
    ["198.51.100.7", "firewall.never"],
    ["192.0.2.254", "its gateway"],
  ])("never %s", async (address, why) => {
    sh(HERE, "ip route replace default via 192.0.2.254");
    const bench = hostBench(within, settings);
    const call = host.blockAddress({ address, seconds: 600 });
    expect((await bench.preview(call)).refused).toContain(why);
    await expect(bench.call(call)).rejects.toMatchObject({ code: "target_refused" });
    expect(sh(HERE, "nft list tables")).toBe("");
    expect((await bench.diagnose(blockIp, { address })).finding("asked-to-block").remedies).toEqual([
      "elsewhere",
    ]);
    await bench.close();
  });

  it("nothing is blocked where the connection does not say that it may be", async () => {
    const bench = hostBench(within);
    const preview = await bench.preview(host.blockAddress({ address: "203.0.113.9", seconds: 600 }));
    expect(preview.refused).toContain("`firewall:` is not set");
    await bench.close();
  });
});

const minimal = whyNoMinimal();
it.skipIf(minimal !== undefined)(`a machine without nft (skipped: ${minimal ?? "no"})`, async () => {
  const { prefix, stop } = minimalMachine();
  try {
    expect(
      JSON.stringify((await diagnose(firewallBook, { port: 1 }, prefix)).finding("could-not-look")),
    ).toContain("nft");
    expect(JSON.stringify((await diagnose(blockIp, {}, prefix)).findings)).toContain(
      "which addresses are blocked",
    );
  } finally {
    stop();
  }
});
