import { describe, expect, it } from "vitest";
import { portFindings } from "../../../runbooks/host/firewall-findings.ts";
import { judgeFirewall } from "../../../src/connectors/host/firewall.ts";
import type { host } from "../../../src/sdk/index.ts";

/** docker-proxy on all addresses, as Docker has it for `ports: ["5432:5432"]`. */
const holders = (port: number, name: string): host.PortHolders => ({
  ...{ port, protocol: "tcp", connections: [], timeWait: 0, socketUnit: null, elsewhere: [] },
  ...{ privilegedBelow: 1024, isEphemeral: false },
  published: name === "docker-proxy" ? { to: "172.17.0.2:5432", container: "container 4f1d0c2a9b3e" } : null,
  listeners: [
    {
      ...{ address: "0.0.0.0", family: "IPv4", v6Only: false, uid: 0 },
      processes: [
        {
          ...{ pid: 7, startTicks: 1, name, command: name, uid: 0, resident: 0, anonymous: 0, swap: 0 },
          ...{ unit: "docker.service", supervisor: "", protected: null, ageSeconds: 1, afterBoot: 1 },
        },
      ],
    },
  ],
});
const chain = { family: "ip", table: "filter", name: "INPUT", hook: "input", prio: 0, policy: "drop" };
const closed = (port: number, ...more: object[]) =>
  judgeFirewall(`${JSON.stringify({ nftables: [{ chain }, ...more] })}\n==\n==\n==\n`, port);

it("a database that Docker publishes is past the rules that seem to keep it out", () => {
  const [found] = portFindings(closed(5432), holders(5432, "docker-proxy"), undefined);
  expect(found).toMatchObject({ id: "published:5432", severity: "warning", remedies: ["closeData"] });
  expect(found?.title).toContain("Postgres");
  expect(portFindings(closed(8080), holders(8080, "docker-proxy"), undefined)[0]?.severity).toBe("info");
  expect(portFindings(closed(5432), holders(5432, "postgres"), undefined)[0]?.id).toBe("dropped:5432");
});

describe("a published port and the chain DOCKER-USER", () => {
  const user = { family: "ip", table: "filter", name: "DOCKER-USER" };
  const rule = (...expr: object[]) => ({
    rule: { ...user, chain: user.name, name: undefined, handle: 9, expr },
  });
  const from = (right: unknown, op = "==") => ({
    match: { op, left: { payload: { protocol: "ip", field: "saddr" } }, right },
  });
  const inside = { prefix: { addr: "10.0.0.0", len: 8 } };
  const found = (...rules: object[]) => {
    const [one] = portFindings(
      closed(5432, { chain: user }, ...rules),
      holders(5432, "docker-proxy"),
      undefined,
    );
    return [one?.severity, one?.title.split(": ").at(-1), one?.remedies];
  };

  it("without a rule, or with one that only goes back, keeps nobody out", () => {
    const open = ["warning", "new connections from outside go to the container", ["closeData"]];
    expect(found()).toEqual(open);
    expect(found(rule({ counter: { packets: 1, bytes: 1 } }, { return: null }))).toEqual(open);
    expect(found(rule(from(inside), { drop: null }))).toEqual(open);
  });

  it("that drops whoever is not from inside keeps them out for certain, and nobody is warned", () => {
    const kept = ["info", "new connections from outside are kept out by DOCKER-USER", []];
    expect(found(rule(from(inside, "!="), { drop: null }))).toEqual(kept);
    expect(
      found(
        rule(
          { match: { op: "in", left: { ct: { key: "state" } }, right: ["established", "related"] } },
          { return: null },
        ),
        rule({ drop: null }),
      ),
    ).toEqual(kept);
  });

  it("whose rules depend on the container's port or on an interface may keep them out: both are said", () => {
    const may = [
      "info",
      "new connections from outside go to the container unless DOCKER-USER keeps them out",
      ["closeData"],
    ];
    const port = { match: { op: "==", left: { payload: { protocol: "tcp", field: "dport" } }, right: 5432 } };
    const card = { match: { op: "==", left: { meta: { key: "iifname" } }, right: "eth0" } };
    expect(found(rule(port, { drop: null }))).toEqual(may);
    expect(found(rule(card, { drop: null }))).toEqual(may);
  });
});

describe("a port that is open by IPv6 and closed by IPv4", () => {
  const six = { family: "ip6", table: "filter", name: "INPUT", hook: "input", prio: 0, policy: "accept" };
  const listening = (address: string): host.PortHolders => {
    const one = holders(5432, "postgres");
    return {
      ...one,
      listeners: [...one.listeners, ...one.listeners.map((other) => ({ ...other, address }))],
    };
  };
  const found = (address: string, interfaces: string, policy = "accept") => {
    const said = `${JSON.stringify({ nftables: [{ chain }, { chain: { ...six, policy } }] })}\n==\n==\n==\n${interfaces}`;
    return portFindings(judgeFirewall(said, 5432), listening(address), undefined).map(({ id }) => id);
  };
  const GLOBAL = "20010db8000000000000000000000001 02 40 00 80 eth0";
  const LINK = "fe800000000000000000000000000001 02 40 20 80 eth0";

  it("is told where the machine has an address of IPv6 that others reach, and listens there", () => {
    expect(found("[::]", GLOBAL)).toEqual(["open-by-ipv6:5432", "dropped:5432"]);
    expect(found("[::]", LINK)).toEqual(["dropped:5432"]);
    expect(found("[::1]", GLOBAL)).toEqual(["dropped:5432"]);
    expect(found("[::]", GLOBAL, "drop")).toEqual(["dropped:5432"]);
  });
});

it("what a network card drops before the rules that are followed makes these less than certain", () => {
  const ingress = {
    family: "netdev",
    table: "early",
    name: "in",
    hook: "ingress",
    prio: 0,
    policy: "accept",
  };
  const rule = { family: "netdev", table: "early", chain: "in", handle: 2, expr: [{ drop: null }] };
  expect(closed(8000).ip4?.isCertain).toBe(true);
  expect(closed(8000, { chain: ingress }, { rule }).ip4?.isCertain).toBe(false);
});
