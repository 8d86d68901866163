import { describe, expect, test } from "vitest";
import { portFindings } from "../../../runbooks/host/firewall-findings.ts";
import type { host } from "../../../src/sdk/index.ts";

const dropped = { is: "drop", isCertain: true, by: "ip filter INPUT: policy drop", packets: 7 } as const;
const firewall: host.Firewall = {
  ...{ ip4: dropped, ip6: null, chains: [], hasIp6: false, ufw: "active", notSeen: [] },
  ...{ opened: [], mayOpenTo: [] },
};
const heldBy = (name: string, published: host.PortHolders["published"]): host.PortHolders => ({
  ...{ port: 8000, protocol: "tcp", connections: [], timeWait: 0, socketUnit: null, elsewhere: [] },
  ...{ privilegedBelow: 1024, isEphemeral: false, notSeen: [], published },
  listeners: [
    {
      ...{ address: "0.0.0.0", family: "IPv4", v6Only: false, uid: 0 },
      processes: [
        {
          ...{
            pid: 4711,
            startTicks: 500,
            name,
            command: name,
            uid: 0,
            unit: "",
            supervisor: "",
            protected: null,
          },
          ...{ resident: 1, anonymous: 1, swap: 0, ageSeconds: 60, afterBoot: 5 },
        },
      ],
    },
  ],
});
const found = (holders: host.PortHolders) => portFindings(firewall, holders, undefined)[0];

describe("trap ufw-docker-bypass: rules for what comes in do not count for a port that Docker publishes", () => {
  test("of a published port it is said that they do not count, and which chain does", () => {
    const one = found(heldBy("docker-proxy", { to: "172.17.0.2:80", container: "shop" }));
    expect(one?.title).toContain("published by Docker, past the rules for what comes in");
    expect(one?.because).toContain(
      "Only rules in the chain DOCKER-USER, or in front of it, keep anybody out",
    );
    // It is no explanation of a time-out, so nobody is warned of it.
    expect(one?.severity).toBe("info");
  });

  test("a program of the machine itself on the same port is kept out by the same rules", () => {
    const one = found(heldBy("uvicorn", null));
    expect(one?.severity).toBe("warning");
    expect(one?.because).not.toContain("DOCKER-USER");
  });
});
