// A port is opened by nft and by ufw themselves: what is said is compared with what connections do.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { firewallBook } from "../../../runbooks/host/firewall.ts";
import * as host from "../../../src/connectors/host/actions.ts";
import { onPath } from "../../helpers/docker.ts";
import { betweenFiles, firewallSpaces } from "../../helpers/firewall-spaces.ts";
import { hostBench } from "../../helpers/host-bench.ts";

const spaces = firewallSpaces("op");
const { skip, HERE, within, CLIENT, OTHER, end, sh, nft, serve, sees } = spaces;
const noUfw =
  skip ?? (onPath("ufw") === undefined || !existsSync("/etc/ufw") ? "there is no ufw" : undefined);
const settings = { firewall: { open: ["192.0.2.0/24", "2001:db8::/32", "any"] } };
const bench = (more: object = settings) => hostBench(within, more);
const CLOSED = `table inet filter {
  set banned { type ipv4_addr; elements = { ${OTHER} } }
  chain input { type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname "lo" accept
    ip saddr @banned drop
    tcp dport 8003 drop
  }
}
`;
const sayAll = (found: object) => JSON.stringify(found);

describe.skipIf(skip !== undefined)(`a port of a firewall of our own (skipped: ${skip ?? "no"})`, () => {
  beforeAll(spaces.start);
  afterAll(spaces.stop);
  afterEach(async () => {
    await end();
    sh(HERE, "nft flush ruleset");
  });

  it("is opened to one network for a time by nft, and closed again; whom an earlier rule keeps out it still does", async () => {
    nft(CLOSED);
    await serve(8000);
    expect(sees(8000)).toBe("drop");
    const before = sh(HERE, "nft list ruleset");
    const here = bench();
    const asked = await here.diagnose(firewallBook, { open: "8000/tcp", from: "192.0.2.9/24", minutes: 10 });
    expect(asked.findings[0]).toMatchObject({ id: "asked-to-open:8000/tcp", remedies: ["open", "openTo"] });
    const applied = await asked.apply("open");
    expect(applied.holds).toBe(true);
    expect([sees(8000), sees(8000, OTHER)]).toEqual(["accept", "drop"]);
    const open = await here.diagnose(firewallBook, { open: "8000/tcp", from: "192.0.2.0/24" });
    expect(open.findings[0]?.id).toBe("opened:8000/tcp");
    expect(open.findings[0]?.title).toMatch(/for another (10|9) min|for another 5\d\d s/);
    const closed = await open.apply("close");
    expect(closed.holds).toBe(true);
    expect(sees(8000)).toBe("drop");
    expect(sh(HERE, "nft list ruleset")).toBe(before);
    await closed.undo();
    expect(sees(8000)).toBe("accept");
    await here.close();
  });

  it("where a finding says that a port somebody listens on is closed, it may be opened to the one declared network", async () => {
    nft(CLOSED);
    await serve(8000);
    const here = bench({ firewall: { open: ["192.0.2.0/24"] } });
    const found = await here.diagnose(firewallBook, { port: 8000 });
    expect(found.finding("dropped:8000").remedies).toContain("open");
    const applied = await found.apply("open");
    expect([applied.holds, sees(8000)]).toEqual([true, "accept"]);
    await applied.undo();
    expect(sees(8000)).toBe("drop");
    await here.close();
  });

  it("to everybody, by both families, only where it is said; two openings of one port do not close each other", async () => {
    sh(HERE, "ip -6 addr replace 2001:db8::1/64 dev diagbotop0 nodad");
    nft(CLOSED.replace("@banned", "198.51.100.1"));
    await serve(8000);
    const here = bench();
    const any = { port: 8000, protocol: "tcp", from: "any" } as const;
    const one = { port: 8000, protocol: "udp", from: "2001:DB8:0:0::7" } as const;
    await here.call(host.openPort(any));
    await here.call(host.openPort(one));
    expect(sees(8000)).toBe("accept");
    const now = await here.call(host.firewall({ port: 8000 }));
    expect([now.ip4?.is, now.ip6?.is]).toEqual(["accept", "accept"]);
    expect(now.opened).toEqual([
      { ...any, leftSeconds: null },
      { ...one, from: "2001:db8::7", leftSeconds: null },
    ]);
    expect((await here.preview(host.openPort({ ...any, from: "192.0.2.2" }))).nothingToDo).toContain(
      "already",
    );
    await here.call(host.closePort(any));
    expect(sees(8000)).toBe("drop");
    expect((await here.call(host.firewall())).opened).toHaveLength(1);
    await here.close();
  });

  it("what is opened while another opening is closed stays open, and closings that come at once leave nothing behind", async () => {
    nft(CLOSED.replace("@banned", "198.51.100.1"));
    await serve(8000);
    const before = sh(HERE, "nft list ruleset");
    const meanwhile = betweenFiles();
    const here = hostBench([...within, ...meanwhile.prefix], settings);
    const call = (from: string) => ({ port: 8000, protocol: "tcp", from }) as const;
    const other = "add element inet filter diagbot_tcp_8000_4";
    await here.call(host.openPort(call(CLIENT)));
    meanwhile.set(`${other} { ${OTHER} }`);
    await here.call(host.closePort(call(CLIENT)));
    expect([sees(8000), sees(8000, OTHER)]).toEqual(["drop", "accept"]);
    await here.call(host.openPort(call(CLIENT)));
    meanwhile.set(`${other.replace("add", "delete")} { ${OTHER} }`);
    await here.call(host.closePort(call(CLIENT)));
    expect(sh(HERE, "nft list ruleset")).toBe(before);
    await here.close();
    meanwhile.remove();
  });

  it("whose time is over leaves set and chain: closing takes them away, and so does the next opening", async () => {
    nft(CLOSED.replace("@banned", "198.51.100.1"));
    const before = sh(HERE, "nft list ruleset");
    const here = bench();
    const call = (port: number) => ({ port, protocol: "tcp", from: CLIENT }) as const;
    const expire = (port: number) =>
      sh(HERE, `nft delete element inet filter diagbot_tcp_${port}_4 '{ ${CLIENT} }'`);
    await here.call(host.openPort(call(8000)));
    expire(8000);
    expect((await here.preview(host.closePort(call(8000)))).changes[0]).toContain("its time is over");
    await here.call(host.closePort(call(8000)));
    expect(sh(HERE, "nft list ruleset")).toBe(before);
    expect((await here.preview(host.closePort(call(8000)))).nothingToDo).toContain("has not opened");
    await here.call(host.openPort(call(8000)));
    expire(8000);
    await here.call(host.openPort(call(8001)));
    expect(sh(HERE, "nft list ruleset")).not.toContain("diagbot_tcp_8000");
    await here.call(host.closePort(call(8001)));
    expect(sh(HERE, "nft list ruleset")).toBe(before);
    await here.close();
  });

  it("of two networks the other stays open", async () => {
    nft(CLOSED.replace("@banned", "198.51.100.1"));
    await serve(8000);
    const here = bench();
    const call = (from: string) => ({ port: 8000, protocol: "tcp", from }) as const;
    await here.call(host.openPort(call(CLIENT)));
    await here.call(host.openPort(call(OTHER)));
    await here.call(host.closePort(call(CLIENT)));
    expect([sees(8000), sees(8000, OTHER)]).toEqual(["drop", "accept"]);
    await here.close();
  });

  it.each([
    ["192.0.2.0/24", 8003, "a rule is meant for it", CLOSED],
    [OTHER, 8000, "a rule is meant for it", CLOSED],
    ["198.51.100.0/24", 8000, "not in `firewall.open`", CLOSED],
    ["any", 5432, "Postgres: it is never opened to everybody", CLOSED],
    [
      "192.0.2.0/24",
      8000,
      "inet late input: policy drop",
      `${CLOSED}table inet late { chain input { type filter hook input priority 10; policy drop;\n}\n}`,
    ],
    [
      "192.0.2.0/24",
      8000,
      "before the rules for what comes in: ip raw early",
      "table ip raw { chain early { type filter hook prerouting priority -300; drop;\n}\n}",
    ],
    [
      "192.0.2.0/24",
      8000,
      "sent on to somewhere else",
      `${CLOSED}table ip nat { chain pre { type nat hook prerouting priority -100; tcp dport 8000 dnat to 172.17.0.2:80;\n}\n}`,
    ],
    [
      "192.0.2.0/24",
      8000,
      "firewalld decides",
      "table inet firewalld { chain filter_INPUT { type filter hook input priority 10; policy accept; reject with icmpx admin-prohibited;\n}\n}",
    ],
    [
      "192.0.2.0/24",
      8000,
      "iptables decides",
      "table ip filter { chain INPUT { type filter hook input priority 0; policy drop;\n}\n}",
    ],
  ])("to %s port %i is refused: %s", async (from, port, why, rules) => {
    nft(rules);
    const before = sh(HERE, "nft list ruleset");
    const here = bench(why.includes("open`") ? { firewall: { open: ["192.0.2.0/24"] } } : settings);
    const call = host.openPort({ port, protocol: "tcp", from });
    expect((await here.preview(call)).refused).toContain(why);
    await expect(here.call(call)).rejects.toMatchObject({ code: "target_refused" });
    expect(sh(HERE, "nft list ruleset")).toBe(before);
    await here.close();
  });

  it("a database on another port is told by its program, and is not opened to everybody; nothing without `firewall:`", async () => {
    nft(CLOSED);
    await spaces.run([
      ...within,
      process.execPath,
      "-e",
      'process.title = "redis-server"; require("net").createServer().listen(8100, () => console.log(1))',
    ]);
    const here = bench();
    const call = (from: string) => host.openPort({ port: 8100, protocol: "tcp", from });
    expect((await here.preview(call("any"))).refused).toContain("redis-server: it is never opened");
    expect((await here.preview(call(CLIENT))).refused).toBeUndefined();
    await here.close();
    const bare = bench({});
    expect((await bare.preview(call(CLIENT))).refused).toContain("`firewall:` is not set");
    await bare.close();
  });

  it("a port that is let in is told so, and one without a network is not opened", async () => {
    await serve(8000);
    const here = bench();
    const already = await here.diagnose(firewallBook, { open: "8000/tcp", from: CLIENT });
    expect(already.findings.map(({ id }) => id)).toEqual(["open-already:8000/tcp"]);
    expect((await here.diagnose(firewallBook, { open: "8000/tcp" })).findings[0]?.id).toBe(
      "to-whom:8000/tcp",
    );
    await here.close();
  });

  describe.skipIf(noUfw !== undefined)(`ufw (skipped: ${noUfw ?? "no"})`, () => {
    // What `ip netns exec` finds there it has in place of /etc/ufw.
    const etc = join("/etc/netns", HERE);
    beforeAll(() => {
      mkdirSync(etc, { recursive: true });
      cpSync("/etc/ufw", join(etc, "ufw"), { recursive: true });
    });
    afterAll(() => rmSync(etc, { recursive: true, force: true }));

    it("opens by its own rule, which it keeps; the order of its rules is minded, and no time is promised", async () => {
      sh(HERE, "ufw --force enable && ufw deny from 192.0.2.3");
      await serve(8000, 8001);
      const here = bench();
      expect(sees(8000)).toBe("drop");
      const seen = (await here.call(host.firewall({ port: 8000 }))).ip4;
      expect([seen?.is, seen?.isCertain, seen?.by]).toEqual(["drop", true, "ip filter INPUT: policy drop"]);
      const timed = host.openPort({ port: 8000, protocol: "tcp", from: "192.0.2.0/24", seconds: 600 });
      expect((await here.preview(timed)).refused).toContain("knows no time");
      const asked = await here.diagnose(firewallBook, { open: "8000/tcp", from: "192.0.2.0/24" });
      const applied = await asked.apply("open");
      expect(applied.holds).toBe(true);
      expect([sees(8000), sees(8000, OTHER)]).toEqual(["accept", "drop"]);
      expect(sh(HERE, "ufw show added")).toContain(
        "from 192.0.2.0/24 to any port 8000 proto tcp comment 'diagbot'",
      );
      const denied = host.openPort({ port: 8000, protocol: "tcp", from: OTHER });
      expect((await here.preview(denied)).refused).toContain("a rule is meant for it");
      await applied.undo();
      expect([sees(8000), sh(HERE, "ufw show added").includes("diagbot")]).toEqual(["drop", false]);
      const any = { port: 8001, protocol: "tcp", from: "any" } as const;
      await here.call(host.openPort(any));
      const now = await here.call(host.firewall({ port: 8001 }));
      expect([now.ip4?.is, now.ip6?.is, now.opened]).toEqual([
        "accept",
        "accept",
        [{ ...any, leftSeconds: null }],
      ]);
      await here.call(host.closePort(any));
      expect(sayAll((await here.call(host.firewall({ port: 8001 }))).opened)).toBe("[]");
      await here.close();
    });
  });
});
