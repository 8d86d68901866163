import { expect, it, test } from "vitest";
import { moveFinding, sayDependants } from "../../../runbooks/host/port-move.ts";
import type { ConnectionFace, host } from "../../../src/sdk/index.ts";

const face = (name: string, port: number): ConnectionFace => ({
  ...{ name, kind: "http", endpoint: { host: "10.0.4.5", port, tls: false } },
});
const connections = [face("app", 8000), face("balancer", 8000), face("cognee", 8001)];
const free: host.PortHolders = {
  ...{ port: 8002, protocol: "tcp", listeners: [], connections: [], timeWait: 0, socketUnit: null },
  ...{ published: null, elsewhere: [], privilegedBelow: 1024, isEphemeral: false },
};
const held: host.PortHolders = {
  ...free,
  listeners: [
    {
      ...{ address: "0.0.0.0", family: "IPv4", v6Only: false, uid: 0 },
      processes: [
        {
          ...{ pid: 7, startTicks: 1, name: "node", command: "node", uid: 0, resident: 0, anonymous: 0 },
          ...{ swap: 0, unit: "", supervisor: "", protected: null, ageSeconds: 1, afterBoot: 1 },
        },
      ],
    },
  ],
};

test("trap port-8001-clash: a port that another service of the system is set to is no way out, though nobody listens", () => {
  const found = moveFinding(8001, 8000, free, connections);
  expect(found.severity).toBe("warning");
  expect(found.title).toBe("Port 8001 is no way out: cognee is there");
});

test("trap port-8001-clash: one that somebody listens on is none either", () => {
  expect(moveFinding(8002, 8000, held, connections).title).toMatch(
    /^Port 8002 is no way out: node \(pid 7\)/,
  );
});

test("trap port-8001-clash: who knows the old port is listed, and the ports of others are said", () => {
  const found = moveFinding(8002, 8000, free, connections);
  expect(found.severity).toBe("info");
  expect(found.because).toMatch(/^2 connections of diagbot\.yaml go to 8000/);
  expect(JSON.stringify(found.evidence)).toMatch(/app.*balancer/);
  expect(sayDependants(8000, connections)).toMatch(/app \(http, 10\.0\.4\.5:8000\), balancer .* Not 8001/);
});

it("says nothing of connections where none goes to either port", () => {
  const found = moveFinding(9000, undefined, { ...free, isEphemeral: true }, []);
  expect(found.severity).toBe("info");
  expect(found.because).toMatch(/ip_local_port_range/);
  expect(found.evidence).toEqual([]);
  expect(sayDependants(undefined, [])).toBe("");
});
