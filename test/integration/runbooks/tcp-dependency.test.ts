import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { tcpDependency } from "../../../runbooks/network/tcp-dependency.ts";
import { networkConnectorWith } from "../../../src/connectors/network/index.ts";
import { dnsServer } from "../../helpers/dns-server.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { listening } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const keep = <T extends { close(): Promise<unknown> }>(one: T): T => {
  cleanups.push(() => one.close());
  return one;
};

const bench = (host: string, port: number, servers?: readonly string[], tls = false) =>
  keep(
    openBench({
      connections: { tws: { kind: "tcp", host, port, tls } },
      connectors: [networkConnectorWith(servers === undefined ? {} : { servers })],
    }),
  );
const quiet = () => listening(createServer(() => undefined));
/** Speaks first, as SMTP, SSH and MySQL do: it shows that it lives. */
const greeting = () => listening(createServer((socket) => socket.write("220 mail.lab ESMTP\r\n")));

test("a dependency that takes connections and speaks is no finding", async () => {
  const server = keep(await greeting());
  const dns = keep(await dnsServer({ "tws.lab": ["127.0.0.1"] }));
  const { findings } = await bench("tws.lab", server.port, [dns.address]).diagnose(tcpDependency);
  expect(findings).toEqual([]);
});

test("a port that accepts and says nothing is no more than that", async () => {
  const server = keep(await quiet());
  const { findings } = await bench("127.0.0.1", server.port).diagnose(tcpDependency);
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["says-nothing:tws", "info"]]);
});

test("with TLS it is shaken hands with: silent, and without TLS", async () => {
  const silent = keep(await quiet());
  const hung = await bench("127.0.0.1", silent.port, undefined, true).diagnose(tcpDependency);
  expect(hung.finding("no-tls:tws").title).toContain("does not answer the TLS handshake");
  const plain = keep(await greeting());
  const diagnosis = await bench("127.0.0.1", plain.port, undefined, true).diagnose(tcpDependency);
  expect(diagnosis.finding("no-tls:tws").title).toContain("no TLS on this port");
  expect(diagnosis.advice("repairTls")).toContain("Check the port");
});

test("nothing listens: refused", async () => {
  const port = await freePort();
  const diagnosis = await bench("127.0.0.1", port).diagnose(tcpDependency);
  const finding = diagnosis.finding("unreachable:tws");
  expect(finding.title).toContain("connection refused");
  expect(finding.because).toContain(`127.0.0.1:${port}`);
  expect(diagnosis.advice("repairPath")).toContain("ss -ltnp");
});

test.each([
  ["NXDOMAIN", "name does not exist"],
  ["SERVFAIL", "DNS failing"],
  ["REFUSED", "DNS failing"],
  ["silent", "DNS failing"],
] as const)("the name server answers %s: %s", async (answer, word) => {
  const dns = keep(await dnsServer({ "tws.lab": answer }));
  const diagnosis = await bench("tws.lab", 1, [dns.address]).diagnose(tcpDependency);
  const finding = diagnosis.finding("unreachable:tws");
  expect(finding.title).toContain(word);
  expect(finding.evidence).toContainEqual(expect.objectContaining({ kind: "table" }));
  expect(diagnosis.advice("repairPath")).toContain("tws.lab");
});

test("no name server listens: the resolver is blamed, not the service", async () => {
  const dns = await dnsServer({});
  await dns.close();
  const diagnosis = await bench("tws.lab", 1, [dns.address]).diagnose(tcpDependency);
  expect(diagnosis.finding("unreachable:tws").title).toContain("DNS failing");
});

test("a name that does not exist, asked through the machine's own resolver", async () => {
  const diagnosis = await bench("no-such-host.invalid", 1).diagnose(tcpDependency);
  expect(diagnosis.finding("unreachable:tws").title).toMatch(/name does not exist|DNS failing/);
});

test("a full accept queue drops packets: timeout, not refused", async () => {
  // A listener with the smallest backlog whose process never accepts: later SYNs are dropped, as a firewall would.
  const program = `const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", program]);
  cleanups.push(async () => {
    child.kill("SIGKILL");
    await once(child, "close");
  });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString()))),
  );
  const fillers = Array.from({ length: 4 }, () =>
    connect({ host: "127.0.0.1", port }).on("error", () => undefined),
  );
  cleanups.push(async () => {
    for (const socket of fillers) socket.destroy();
  });
  await once(fillers[0] ?? child, "connect");
  const diagnosis = await bench("127.0.0.1", port).diagnose(tcpDependency);
  expect(diagnosis.finding("unreachable:tws").title).toContain("no TCP connection (timeout)");
});

test("a server that hangs up at once is found, with what it said", async () => {
  const server = keep(
    await listening(createServer((socket) => socket.end("-ERR max number of clients reached\r\n"))),
  );
  const finding = (await bench("127.0.0.1", server.port).diagnose(tcpDependency)).finding("hangs-up:tws");
  expect(finding.title).toContain("closes it at once");
  expect(finding.because).toContain("max number of clients");
});

test("a reset right after the connection is found", async () => {
  const server = keep(await listening(createServer((socket) => socket.resetAndDestroy())));
  const { findings } = await bench("127.0.0.1", server.port).diagnose(tcpDependency);
  expect(findings[0]?.title).toMatch(/resets it at once|connection reset/);
});

test("one of two addresses refuses", async () => {
  const server = keep(await quiet());
  const dns = keep(await dnsServer({ "tws.lab": ["127.0.0.1", "127.0.0.2"] }));
  const diagnosis = await bench("tws.lab", server.port, [dns.address]).diagnose(tcpDependency);
  expect(diagnosis.finding("partly:tws").title).toContain("1 of 2 addresses");
  expect(diagnosis.advice("checkBackend")).toContain("127.0.0.2");
});

test("one of two name servers fails: found although the name resolves", async () => {
  const server = keep(await greeting());
  const bad = keep(await dnsServer({ "tws.lab": "SERVFAIL" }));
  const good = keep(await dnsServer({ "tws.lab": ["127.0.0.1"] }));
  const diagnosis = await bench("tws.lab", server.port, [bad.address, good.address]).diagnose(tcpDependency);
  expect(diagnosis.findings.map(({ id }) => id)).toEqual([`resolver:${bad.address}`]);
  expect(diagnosis.advice("repairResolver")).toContain(bad.address);
});

test("two name servers: the first denies what the second knows", async () => {
  const server = keep(await greeting());
  const denies = keep(await dnsServer({}));
  const knows = keep(await dnsServer({ "tws.lab": ["127.0.0.1"] }));
  const first = await bench("tws.lab", server.port, [denies.address, knows.address]).diagnose(tcpDependency);
  const finding = first.finding("unreachable:tws");
  expect(finding.title).toContain("name servers disagree");
  expect(finding.because).toContain(
    `${denies.address} says that it does not exist (NXDOMAIN), ${knows.address} gives 127.0.0.1`,
  );
  expect(JSON.stringify(first.findings)).not.toMatch(/name does not exist|know no address/);
  // The other way round it works here, and not on the next machine.
  const second = await bench("tws.lab", server.port, [knows.address, denies.address]).diagnose(tcpDependency);
  expect(second.findings.map(({ id }) => id)).toEqual([`resolver:${denies.address}`]);
  expect(second.findings[0]?.title).toContain(`denies tws.lab, which ${knows.address} knows`);
});

test.each([
  ["NXDOMAIN", "answers NXDOMAIN"],
  ["SERVFAIL", "answers SERVFAIL"],
  ["REFUSED", "refuses to answer"],
] as const)("the name is there, and AAAA is answered %s", async (AAAA, words) => {
  const server = keep(await greeting());
  const dns = keep(await dnsServer({ "tws.lab": { A: ["127.0.0.1"], AAAA } }));
  const diagnosis = await bench("tws.lab", server.port, [dns.address]).diagnose(tcpDependency);
  expect(diagnosis.findings.map(({ id }) => id)).toEqual([`resolver:${dns.address}`]);
  expect(diagnosis.findings[0]?.title).toContain(`answers AAAA wrongly (${words}), though the name exists`);
  expect(diagnosis.advice("repairResolver")).toContain("AAAA tws.lab");
  // Its healthy twin: no record of that kind.
  const right = keep(await dnsServer({ "tws.lab": ["127.0.0.1"] }));
  expect((await bench("tws.lab", server.port, [right.address]).diagnose(tcpDependency)).findings).toEqual([]);
});

test("A fails and AAAA is denied: nobody knows, so it is not said to be missing", async () => {
  const dns = keep(await dnsServer({ "tws.lab": { A: "SERVFAIL", AAAA: "NXDOMAIN" } }));
  const diagnosis = await bench("tws.lab", 1, [dns.address]).diagnose(tcpDependency);
  expect(diagnosis.finding("unreachable:tws").title).toContain("DNS failing");
  expect(diagnosis.advice("repairPath")).toContain("+cd");
});

test("an alias of a name that is gone", async () => {
  const dns = keep(await dnsServer({ "tws.lab": { CNAME: "old.lab" } }));
  const diagnosis = await bench("tws.lab", 1, [dns.address]).diagnose(tcpDependency);
  expect(diagnosis.finding("unreachable:tws").title).toContain("name leads nowhere (CNAME)");
  expect(diagnosis.finding("unreachable:tws").because).toContain("it leads to old.lab");
});

test("a name without an address is there", async () => {
  const dns = keep(await dnsServer({ "tws.lab": [] }));
  const { findings } = await bench("tws.lab", 1, [dns.address]).diagnose(tcpDependency);
  expect(findings[0]?.title).toContain("name has no address");
});

test("an unknown connection is said, with the known ones", async () => {
  const diagnosis = await bench("127.0.0.1", 1).diagnose(tcpDependency, { connection: "nope" });
  expect(diagnosis.finding("no-endpoint").because).toContain("tws (127.0.0.1:1)");
});
