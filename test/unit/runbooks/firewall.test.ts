import { expect, it } from "vitest";
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
