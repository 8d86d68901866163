import { describe, expect, it } from "vitest";
import {
  canonicalNetwork,
  fits,
  type Packet,
  parseRuleset,
} from "../../../../src/connectors/host/nft-ruleset.ts";
import { verdictOf } from "../../../../src/connectors/host/nft-verdict.ts";
import { withXtTexts } from "../../../../src/connectors/host/nft-xt.ts";
import { planOpen, type Rules } from "../../../../src/connectors/host/open-port/plan.ts";
import { Source } from "../../../../src/connectors/host/open-port/source.ts";

const none = () => [];
const saddr = (right: unknown) => ({
  match: { op: "==", left: { payload: { protocol: "ip", field: "saddr" } }, right },
});

it.each([
  ["10.0.0.0/8", true],
  ["10.0.0.0/7", false],
  ["0.0.0.0/0", false],
  ["2001:db8::/16", true],
  ["2000::/3", false],
  ["::/0", false],
  ["192.0.2.1", true],
  ["any", true],
  ["anybody; reboot", false],
])("a port may be opened to %s: %s", (from, is) => expect(Source.safeParse(from).success).toBe(is));

it.each([
  ["10.1.2.3/8", "10.0.0.0/8"],
  ["192.0.2.129/25", "192.0.2.128/25"],
  ["2001:DB8:0:1::7/32", "2001:db8::/32"],
  ["192.0.2.1/32", "192.0.2.1"],
  ["2001:DB8::7", "2001:db8::7"],
])("%s is %s, as firewalls write it", (text, is) => expect(canonicalNetwork(text)).toBe(is));

it.each([
  ["10.1.0.0/16", "yes"],
  ["10.0.0.0/8", "yes"],
  ["10.0.0.0/7", "maybe"],
  ["11.0.0.0/8", "no"],
])("a rule for 10.0.0.0/8 fits what comes from %s: %s", (from, is) => {
  const packet: Packet = { family: "ip", port: 80, from };
  expect(fits(saddr({ prefix: { addr: "10.0.0.0", len: 8 } }), packet, none)).toBe(is);
});

it("a rule for one address of a network may fit, one for everybody does", () => {
  const packet: Packet = { family: "ip", port: 80, from: "10.0.0.0/8" };
  expect(fits(saddr("10.1.2.3"), packet, none)).toBe("maybe");
  expect(fits(saddr("11.1.2.3"), packet, none)).toBe("no");
  const everybody = saddr({ prefix: { addr: "0.0.0.0", len: 0 } });
  expect(fits(everybody, { ...packet, from: undefined }, none)).toBe("yes");
});

it("rules for tcp are none for udp", () => {
  const packet: Packet = { family: "ip", port: 53, from: undefined, protocol: "udp" };
  const dport = (protocol: string) => ({
    match: { op: "==", left: { payload: { protocol, field: "dport" } }, right: 53 },
  });
  const l4 = (right: unknown) => ({ match: { op: "==", left: { meta: { key: "l4proto" } }, right } });
  expect(["tcp", "udp", "th"].map((one) => fits(dport(one), packet, none))).toEqual(["no", "yes", "yes"]);
  expect(["tcp", "udp", 17, 6].map((one) => fits(l4(one), packet, none))).toEqual(["no", "yes", "yes", "no"]);
});

const INPUT = { family: "ip", table: "filter", name: "INPUT", hook: "input", prio: 0, policy: "drop" };
const USER = { family: "ip", table: "filter", name: "ufw-user-input" };
const rule = (chain: string, handle: number, ...expr: object[]) => ({
  rule: { family: "ip", table: "filter", chain, handle, expr },
});
const rulesetOf = (...more: object[]) =>
  parseRuleset(JSON.stringify({ nftables: [{ chain: INPUT }, { chain: USER }, ...more] }));
const toUser = rule("INPUT", 5, { jump: { target: "ufw-user-input" } });

describe("what iptables asks for and nft's JSON does not tell", () => {
  const xt = (name: string) => ({ xt: { type: "match", name } });
  const ruleset = rulesetOf(
    rule("INPUT", 7, xt("addrtype"), { return: null }),
    rule("INPUT", 8, xt("conntrack"), { drop: null }),
  ) ?? { chains: [], rules: [], sets: [] };
  const packet: Packet = { family: "ip", port: 80, from: undefined };

  it("is taken from its text: what goes to this machine goes back, what is invalid is none of ours", () => {
    const texts = `ip filter \t\tfib daddr type local counter packets 0 bytes 0 return # handle 7
ip filter \t\tct state invalid counter packets 0 bytes 0 drop # handle 8
`;
    expect(verdictOf(withXtTexts(ruleset, texts), packet)).toMatchObject({ is: "drop", isCertain: true });
    const open = rulesetOf(
      rule("INPUT", 8, xt("conntrack"), { drop: null }),
      rule("INPUT", 9, { accept: null }),
    );
    expect(open && verdictOf(withXtTexts(open, texts), packet)).toMatchObject({
      is: "accept",
      isCertain: true,
    });
  });

  it("stays unknown without the text, with that of another table, or negated", () => {
    for (const text of [
      "",
      "ip6 filter \t\tct state invalid drop # handle 8\n",
      "ip filter \t\tct state != new drop # handle 8\n",
    ])
      expect(withXtTexts(ruleset, text)).toEqual(ruleset);
  });
});

describe("ufw", () => {
  const seen = (more: Partial<Rules> = {}): Rules => ({
    ...{ ruleset: rulesetOf(toUser), unread: "", legacy: [], ufw: "active", added: "", programs: ["app"] },
    ...more,
  });
  const wanted = { port: 8000, protocol: "tcp", from: "10.0.3.0/24" } as const;
  const planned = (more?: Partial<Rules>, what: Parameters<typeof planOpen>[1] = wanted) =>
    planOpen(seen(more), what, ["10.0.0.0/8"]);

  it("gets the rule last, with whose it is", () => {
    const { change, refused } = planned();
    expect([refused, change]).toEqual([
      undefined,
      {
        way: "ufw",
        words: [
          "allow",
          "proto",
          "tcp",
          "from",
          "10.0.3.0/24",
          "to",
          "any",
          "port",
          "8000",
          "comment",
          "diagbot",
        ],
      },
    ]);
  });

  it("has the same rule of somebody else, which does nothing: it is not made ours", () => {
    const added = "Added user rules:\nufw allow from 10.0.3.0/24 to any port 8000 proto tcp comment 'api'\n";
    expect(planned({ added }).refused).toContain("ufw has this rule already");
    expect(planned({ added: added.replace(" comment 'api'", "") }).refused).toContain(
      "ufw has this rule already",
    );
  });

  it.each([
    ["inactive", { ufw: "inactive" }, "iptables decides"],
    ["old tables", { legacy: ["filter"] }, "older iptables"],
    ["not readable", { ruleset: undefined, unread: "Operation not permitted" }, "cannot be read: Operation"],
  ])("%s is refused", (_name, more, why) => expect(planned(more).refused).toContain(why));

  it.each([
    ["10.0.0.0/8", undefined],
    ["10.0.0.0/9", undefined],
    ["11.0.0.0/24", "not in `firewall.open`"],
    ["any", "not in `firewall.open`"],
  ])("to %s, where 10.0.0.0/8 is declared: %s", (from, why) => {
    const { refused } = planned({}, { ...wanted, from });
    if (why === undefined) expect(refused).toBeUndefined();
    else expect(refused).toContain(why);
  });

  it("never to this machine's own loopback", () => {
    expect(planOpen(seen(), { ...wanted, from: "127.0.0.1" }, ["any"]).refused).toContain(
      "no network of other",
    );
  });
});
