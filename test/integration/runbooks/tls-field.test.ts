import { createServer, type Socket } from "node:net";
import { createServer as tlsServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { tcpDependency } from "../../../runbooks/network/tcp-dependency.ts";
import { tlsExpiry } from "../../../runbooks/network/tls-expiry.ts";
import { networkConnectorWith } from "../../../src/connectors/network/index.ts";
import { type TestAuthority, testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { type DnsAnswer, dnsServer } from "../../helpers/dns-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { listening } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const nameServer = async (zone: Record<string, DnsAnswer>): Promise<string> => {
  const server = await dnsServer(zone);
  cleanups.push(server.close);
  return server.address;
};

const bench = (host: string, port: number, edge: { ca?: string[]; servers?: string[]; tls?: boolean }) => {
  const { tls = true, ...network } = edge;
  const opened = openBench({
    connections: { shop: { kind: "tcp", host, port, tls } },
    connectors: [networkConnectorWith(network)],
  });
  cleanups.push(opened.close);
  return opened;
};

/** Takes connections and does this with each. */
async function serve(handle: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    handle(socket);
  });
  const { port, close } = await listening(server);
  cleanups.push(close);
  return port;
}

describe.skipIf(whyNoOpenssl() !== undefined)("TLS of the field", () => {
  let authority: TestAuthority;
  beforeAll(() => {
    authority = testAuthority();
  });
  afterAll(() => authority.remove());
  const present = async (options: Parameters<typeof tlsServer>[0]): Promise<number> => {
    const server = tlsServer(options, (socket) => socket.on("error", () => {}));
    server.on("tlsClientError", () => {});
    const { port, close } = await listening(server);
    cleanups.push(close);
    return port;
  };

  test("a server that wants a client certificate says so only after the handshake of TLS 1.3; one that does not is well", async () => {
    const pair = authority.issue(["IP:127.0.0.1"], -1, 90);
    const ca = [authority.ca];
    const mutual = await present({ ...pair, ca, requestCert: true, rejectUnauthorized: true });
    const wants = await bench("127.0.0.1", mutual, { ca }).diagnose(tcpDependency);
    expect(wants.findings).toMatchObject([
      {
        id: "no-tls:shop",
        severity: "warning",
        title: expect.stringContaining("wants a client certificate"),
      },
    ]);
    expect(wants.advice("repairTls")).toContain("certificate and key");
    const certificate = await bench("127.0.0.1", mutual, { ca }).diagnose(tlsExpiry);
    expect(certificate.findings).toEqual([]);
    const asks = await present({ ...pair, ca, requestCert: true, rejectUnauthorized: false });
    expect((await bench("127.0.0.1", asks, { ca }).diagnose(tcpDependency)).findings).toEqual([]);
  });

  test("an authority that is trusted and may not sign for the name, and one that may", async () => {
    const wrong = authority.issueWithin("internal.lab", ["DNS:shop.lab"]);
    const servers = [await nameServer({ "shop.lab": ["127.0.0.1"], "a.internal.lab": ["127.0.0.1"] })];
    const port = await present(wrong);
    const found = await bench("shop.lab", port, { ca: [wrong.ca], servers }).diagnose(tlsExpiry);
    expect(found.finding("untrusted:shop").title).toContain("its issuer may not sign for this name");
    expect(found.advice("fixTrust")).not.toContain("NODE_EXTRA_CA_CERTS");
    const right = authority.issueWithin("internal.lab", ["DNS:a.internal.lab"]);
    const well = bench("a.internal.lab", await present(right), { ca: [right.ca], servers });
    expect((await well.diagnose(tlsExpiry)).findings).toEqual([]);
  });

  test("a name in the common name only works for some clients", async () => {
    const pair = authority.selfSigned([]);
    const servers = [await nameServer({ self: ["127.0.0.1"] })];
    const found = await bench("self", await present(pair), { ca: [pair.cert], servers }).diagnose(tlsExpiry);
    expect(found.findings).toMatchObject([
      { id: "weak:shop", title: expect.stringContaining("in the common name only") },
    ]);
    expect(found.advice("replaceOld")).toContain("subject alternative names");
  });

  test.each([
    ["6 days, 5 left", -1, 5, []],
    ["6 days, 1 left", -5, 1, ["expiring:shop"]],
    ["90 days, 20 left", -70, 20, []],
    ["90 days, 10 left", -80, 10, ["expiring:shop"]],
  ])("a certificate that lives for %s", async (_what, from, to, ids) => {
    const port = await present(authority.issue(["IP:127.0.0.1"], from, to));
    const { findings } = await bench("127.0.0.1", port, { ca: [authority.ca] }).diagnose(tlsExpiry);
    expect(findings.map(({ id }) => id)).toEqual(ids);
  });
});

test.each([
  ["hangs up", (socket: Socket) => socket.once("data", () => socket.end())],
  ["resets", (socket: Socket) => socket.once("data", () => socket.resetAndDestroy())],
])("what %s as TLS begins may speak another protocol, or be cut on the way", async (_what, handle) => {
  const found = await bench("127.0.0.1", await serve(handle), {}).diagnose(tlsExpiry);
  expect(found.finding("unread:shop").title).toContain("cut during the TLS handshake");
  expect(found.advice("reachService")).toContain("-noservername");
});

describe("names of the field", () => {
  const greet = (socket: Socket): void => {
    socket.write("hello\r\n");
  };
  const look = async (servers: string[], port: number) =>
    bench("shop.lab", port, { servers, tls: false }).diagnose(tcpDependency);

  test("a name that a filter blocks leads to this machine, whatever answers here", async () => {
    const port = await serve(greet);
    const blocked = await look([await nameServer({ "shop.lab": ["0.0.0.0"] })], port);
    expect(blocked.findings[0]).toMatchObject({
      ...{ id: "unreachable:shop", title: expect.stringContaining("blocked by a DNS filter") },
    });
    expect(blocked.advice("repairPath")).toContain("Let the filter answer");
    const own = await look([await nameServer({ "shop.lab": ["127.0.0.1"] })], port);
    expect(own.findings).toEqual([]);
  });

  test("one server denies the name and another fails: either there is none, or the one that knows it fails", async () => {
    const servers = [await nameServer({ "shop.lab": "REFUSED" }), await nameServer({})];
    const found = await look(servers, 9);
    expect(found.finding("unreachable:shop").title).toContain("name denied by one server, another fails");
    expect(found.finding("unreachable:shop").because).not.toContain("know the name");
  });

  test("two views: the address that was gone to does not answer, another server's is told", async () => {
    const port = await serve(greet);
    const inside = await nameServer({ "shop.lab": ["127.0.0.2"] });
    const outside = await nameServer({ "shop.lab": ["127.0.0.1"] });
    const found = await look([inside, outside], port);
    expect(found.finding("unreachable:shop").because).toContain(`${outside}: 127.0.0.1`);
    expect((await look([outside, inside], port)).findings).toEqual([]);
  });
});
