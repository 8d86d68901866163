import { describe, expect, it } from "vitest";
import { judgeBlocked, whyNever } from "../../../../src/connectors/host/block.ts";
import { judgeFirewallRight } from "../../../../src/connectors/host/check.ts";
import { judgeFirewall } from "../../../../src/connectors/host/firewall.ts";
import { isIn, isWithinNetwork } from "../../../../src/connectors/host/nft-ruleset.ts";

describe("networks", () => {
  it.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["192.0.2.129", "192.0.2.128/25", true],
    ["192.0.2.127", "192.0.2.128/25", false],
    ["192.0.2.1", "192.0.2.1", true],
    ["2001:db8::7", "2001:db8::/32", true],
    ["2001:db9::7", "2001:db8::/32", false],
    ["::1", "::/127", true],
    ["192.0.2.1", "2001:db8::/32", false],
    ["no address", "10.0.0.0/8", false],
  ])("%s in %s: %s", (address, network, is) => expect(isWithinNetwork(address, network)).toBe(is));

  it("what stands on the right of a match", () => {
    const set = (name: string) =>
      name === "web" ? [80, { range: [8000, 8010] }, { elem: { val: 443 } }] : [];
    expect([80, 8005, 443, 81].map((port) => isIn(port, "@web", set))).toEqual(["yes", "yes", "yes", "no"]);
    expect(isIn("", { prefix: { addr: "10.0.0.0", len: 8 } }, set)).toBe("no");
    expect(isIn("x", { concat: ["a", "b"] }, set)).toBe("maybe");
  });
});

it("never: what is no single machine, ourselves, and what diagbot.yaml keeps", () => {
  expect(whyNever("203.0.113.9", ["192.0.2.1"], [])).toBeUndefined();
  expect(whyNever("10.0.0.9", [], [])).toBeUndefined();
  expect(whyNever("192.0.2.1", ["192.0.2.1"], [])).toContain("this machine");
  expect(whyNever("224.0.0.1", [], [])).toContain("one other machine");
  expect(whyNever("203.0.113.9", [], ["203.0.113.0/24"])).toContain("firewall.never");
});

describe("what this machine works with", () => {
  const hex = (address: string) =>
    address
      .split(".")
      .reverse()
      .map((part) => Number(part).toString(16).padStart(2, "0"))
      .join("")
      .toUpperCase();
  const end = (address: string, port: number) =>
    `${hex(address)}:${port.toString(16).padStart(4, "0").toUpperCase()}`;
  const open = (here: number, peer: string, there: number) =>
    `${end("192.0.2.1", here)} ${end(peer, there)} 01`;
  const listening = `${end("0.0.0.0", 443)} ${end("0.0.0.0", 0)} 0A`;
  const seen = (of: string, ...rows: string[]) =>
    judgeBlocked(`{"nftables": []}\n==\n192.0.2.1\n==\n${[listening, ...rows].join("\n")}\n`, [], of);

  it("is not blocked: the database it is connected to, by its port there", () => {
    const database = seen("10.0.0.9", open(48_712, "10.0.0.9", 5432));
    expect(database.never).toContain("this machine itself is connected to 10.0.0.9 (port 5432)");
    expect(database.connections).toEqual([]);
  });

  it("is told from a client that came in", () => {
    const client = seen("203.0.113.9", open(443, "203.0.113.9", 55_000), open(48_712, "10.0.0.9", 5432));
    expect([client.never, client.incoming]).toEqual([null, 1]);
    expect(client.connections).toEqual([{ peer: "203.0.113.9", port: 443, open: 1 }]);
  });
});

it("what nft does not tell is not known, a table that is not there is empty", () => {
  expect(
    judgeBlocked("Error: No such file or directory\nlist table inet diagbot\n==\n==\n", [], undefined),
  ).toMatchObject({ addresses: [], notSeen: [] });
  expect(
    judgeBlocked("Operation not permitted (you must be root)\n==\n==\n", [], undefined).notSeen,
  ).toHaveLength(1);
  const cut = judgeFirewall('{"nftables": [{"chain": {"fam\n==\nfilter\n==\n', 80);
  expect(cut.ip4).toBeNull();
  expect(cut.notSeen?.map(({ what }) => what)).toEqual([
    "the rules of the firewall",
    "the tables filter of the older iptables",
  ]);
});

it("doctor says what the firewall needs", () => {
  expect(judgeFirewallRight("ops", 0)[0]?.state).toBe("ok");
  expect(judgeFirewallRight("ops", 127)[0]?.detail).toBe("nft is not there");
  expect(judgeFirewallRight("ops", 1)[0]?.paste?.[1]).toBe(
    "ops ALL=(root) NOPASSWD: /usr/sbin/nft -j list ruleset",
  );
});
