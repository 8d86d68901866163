import { createServer } from "node:https";
import { createSecureContext } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { tlsExpiry } from "../../../runbooks/network/tls-expiry.ts";
import { networkConnectorWith } from "../../../src/connectors/network/index.ts";
import { type KeyPair, type TestAuthority, testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { dnsServer } from "../../helpers/dns-server.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { listening, type TestServer, tlsWebServer, webServer } from "../../helpers/web-server.ts";

const LOCAL = ["DNS:shop.lab", "IP:127.0.0.1"];

describe.skipIf(whyNoOpenssl() !== undefined)("certificates of real TLS servers", () => {
  let authority: TestAuthority;
  const cleanups: (() => Promise<unknown>)[] = [];
  beforeAll(() => {
    authority = testAuthority();
  });
  afterAll(() => authority.remove());
  afterEach(async () => {
    for (const clean of cleanups.splice(0).reverse()) await clean();
  });

  const serve = async (pair: KeyPair): Promise<TestServer> => {
    const server = await tlsWebServer(pair, (_request, answer) => answer.end("ok"));
    cleanups.push(server.close);
    return server;
  };
  const diagnose = async (host: string, port: number, servers?: string[]) => {
    const bench = openBench({
      connections: { shop: { kind: "http", url: `https://${host}:${port}` } },
      connectors: [
        networkConnectorWith({ ca: [authority.ca], ...(servers === undefined ? {} : { servers }) }),
      ],
    });
    cleanups.push(bench.close);
    return bench.diagnose(tlsExpiry);
  };

  test("a good certificate is no finding", async () => {
    const { port } = await serve(authority.issue(LOCAL, -1, 90));
    expect((await diagnose("127.0.0.1", port)).findings).toEqual([]);
  });

  test("the name of the connection is asked for (SNI) and compared", async () => {
    const { port } = await serve(authority.issue(LOCAL, -1, 90));
    const dns = await dnsServer({ "shop.lab": ["127.0.0.1"], "other.lab": ["127.0.0.1"] });
    cleanups.push(dns.close);
    expect((await diagnose("shop.lab", port, [dns.address])).findings).toEqual([]);
    const wrong = await diagnose("other.lab", port, [dns.address]);
    expect(wrong.findings.map(({ id }) => id)).toEqual(["wrong-name:shop"]);
    expect(wrong.finding("wrong-name:shop").because).toContain("shop.lab");
    expect(wrong.advice("fixName")).toContain("other.lab");
  });

  test("a shared address presents the certificate of the name that was asked for", async () => {
    const shop = createSecureContext(authority.issue(["DNS:shop.lab"], -1, 90));
    const server = await tlsWebServer(
      {
        ...authority.issue(["DNS:default.lab"], -1, 90),
        SNICallback: (name, done) => done(null, name === "shop.lab" ? shop : undefined),
      },
      (_request, answer) => answer.end("ok"),
    );
    const dns = await dnsServer({ "shop.lab": ["127.0.0.1"] });
    cleanups.push(server.close, dns.close);
    expect((await diagnose("shop.lab", server.port, [dns.address])).findings).toEqual([]);
  });

  test("a staple that says revoked, and a certificate that demands one and gets none", async () => {
    const revoked = authority.stapledAsRevoked(LOCAL);
    const server = await tlsWebServer(
      revoked,
      (_request, answer) => answer.end("ok"),
      (_c, _i, reply) => reply(null, revoked.response),
    );
    cleanups.push(server.close);
    const found = await diagnose("127.0.0.1", server.port);
    expect(found.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical revoked:shop"]);
    expect(found.advice("renew")).toContain("get a new certificate");
    const { port } = await serve(authority.issue(LOCAL, -1, 90, "tlsfeature=status_request\n"));
    const bare = await diagnose("127.0.0.1", port);
    expect(bare.findings.map(({ id }) => id)).toEqual(["no-staple:shop"]);
    expect(bare.advice("fixStaple")).toContain("reload it after a renewal");
  });

  test("an address of several that was not renewed, or does not listen; two valid ones are well", async () => {
    const { port } = await serve(authority.issue(LOCAL, -1, 90));
    const dns = await dnsServer({ "shop.lab": ["127.0.0.1", "127.0.0.2"] });
    cleanups.push(dns.close);
    const other = async (pair: KeyPair) => listening(createServer(pair), port, "127.0.0.2");
    const ids = async () => (await diagnose("shop.lab", port, [dns.address])).findings.map(({ id }) => id);
    expect(await ids()).toEqual(["differs:shop"]);
    const renewed = await other(authority.issue(LOCAL, -2, 80));
    expect(await ids()).toEqual([]);
    await renewed.close();
    const old = await other(authority.issue(LOCAL, -90, -3));
    cleanups.push(old.close);
    const found = await diagnose("shop.lab", port, [dns.address]);
    expect(found.finding("differs:shop").title).toContain(
      "at 127.0.0.2 it presents a certificate that clients refuse",
    );
  });

  test("expired", async () => {
    const { port } = await serve(authority.issue(LOCAL, -90, -3.5));
    const diagnosis = await diagnose("127.0.0.1", port);
    const finding = diagnosis.finding("expired:shop");
    expect(finding.title).toContain("expired 3 days ago");
    expect(JSON.stringify(finding.evidence)).toContain("Lab Root");
    expect(diagnosis.findings).toHaveLength(1);
    expect(diagnosis.advice("renew")).toContain(`127.0.0.1:${port}`);
  });

  test("expires within the system's limit", async () => {
    const { port } = await serve(authority.issue(LOCAL, -80, 10.5));
    expect((await diagnose("127.0.0.1", port)).finding("expiring:shop").title).toContain(
      "expires in 10 days",
    );
  });

  test("not valid yet", async () => {
    const { port } = await serve(authority.issue(LOCAL, 2.5, 90));
    expect((await diagnose("127.0.0.1", port)).finding("not-yet:shop").title).toContain("only in 2 days");
  });

  test("self-signed", async () => {
    const { port } = await serve(authority.selfSigned(LOCAL));
    const diagnosis = await diagnose("127.0.0.1", port);
    expect(diagnosis.findings.map(({ id }) => id)).toEqual(["untrusted:shop"]);
    expect(diagnosis.finding("untrusted:shop").title).toContain("self-signed");
  });

  test("a chain to an authority nobody here knows", async () => {
    const stranger = testAuthority();
    const { port } = await serve(stranger.issue(LOCAL, -1, 90));
    stranger.remove();
    const diagnosis = await diagnose("127.0.0.1", port);
    expect(diagnosis.finding("untrusted:shop").title).toContain("not trusted here");
    expect(diagnosis.advice("fixTrust")).toContain("Lab Root");
  });

  test("an intermediate certificate that the server does not send", async () => {
    const { key, cert, intermediate } = authority.issueThroughIntermediate(LOCAL, true);
    const alone = await serve({ key, cert });
    const diagnosis = await diagnose("127.0.0.1", alone.port);
    expect(diagnosis.findings[0]?.title).toMatch(
      /: the intermediate certificate Lab Intermediate is missing$/,
    );
    expect(diagnosis.advice("fixTrust")).toContain("fullchain.pem");
    const whole = await serve({ key, cert: cert + intermediate });
    expect((await diagnose("127.0.0.1", whole.port)).findings).toEqual([]);
    const own = authority.issueThroughIntermediate(LOCAL, false);
    const { port } = await serve({ key: own.key, cert: own.cert });
    expect((await diagnose("127.0.0.1", port)).findings[0]?.title).toMatch(
      /comes alone, and its issuer Lab Intermediate is not trusted here$/,
    );
  });

  test("a wildcard covers one level only; within it, it fits", async () => {
    const { port } = await serve(authority.issue(["DNS:*.shop.lab"], -1, 90));
    const dns = await dnsServer({
      "a.shop.lab": ["127.0.0.1"],
      "a.b.shop.lab": ["127.0.0.1"],
      "shop.lab": ["127.0.0.1"],
    });
    cleanups.push(dns.close);
    expect((await diagnose("a.shop.lab", port, [dns.address])).findings).toEqual([]);
    const deep = await diagnose("a.b.shop.lab", port, [dns.address]);
    expect(deep.findings.map(({ id }) => id)).toEqual(["wrong-name:shop"]);
    expect(deep.finding("wrong-name:shop").title).toContain("a wildcard covers one level only");
    expect(deep.advice("fixName")).toContain("*.b.shop.lab");
    const bare = await diagnose("shop.lab", port, [dns.address]);
    expect(bare.finding("wrong-name:shop").title).toContain("does not cover the bare domain");
  });

  test("an expired cross-signed root that nobody needs is a note; the leaf's own end still counts", async () => {
    const cross = authority.crossSigned();
    const good = authority.issue(LOCAL, -1, 90);
    const diagnosis = await diagnose("127.0.0.1", (await serve({ ...good, cert: good.cert + cross })).port);
    expect(diagnosis.findings.map(({ id, severity }) => [id, severity])).toEqual([["unneeded:shop", "info"]]);
    const old = authority.issue(LOCAL, -90, -3.5);
    const { findings } = await diagnose("127.0.0.1", (await serve({ ...old, cert: old.cert + cross })).port);
    expect(findings.map(({ id }) => id)).toEqual(["expired:shop"]);
    // Of an authority nobody here knows: that is the matter, not the old link.
    const stranger = testAuthority();
    const theirs = stranger.issue(LOCAL, -1, 90);
    const { port } = await serve({ ...theirs, cert: theirs.cert + stranger.crossSigned() });
    stranger.remove();
    expect((await diagnose("127.0.0.1", port)).findings.map(({ id }) => id)).toEqual(["untrusted:shop"]);
  });

  test("a server that speaks TLS 1.0 only is too old, not without TLS", async () => {
    const pair = authority.issue(LOCAL, -1, 90);
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
    const server = await tlsWebServer({ ...pair, ...old }, (_request, answer) => answer.end("ok"));
    cleanups.push(server.close);
    const diagnosis = await diagnose("127.0.0.1", server.port);
    expect(diagnosis.findings.map(({ id, severity }) => [id, severity])).toEqual([
      ["too-old:shop", "critical"],
    ]);
    expect(diagnosis.finding("too-old:shop").title).toContain("speaks TLSv1 only");
    expect(JSON.stringify(diagnosis)).not.toMatch(/http:\/\/|may not speak TLS|\.c:/);
  });

  test("a server that takes TLS 1.1 beside new versions has a note; one that does not has none", async () => {
    const pair = authority.issue(LOCAL, -1, 90);
    const both = { minVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" } as const;
    const server = await tlsWebServer({ ...pair, ...both }, (_request, answer) => answer.end("ok"));
    cleanups.push(server.close);
    const diagnosis = await diagnose("127.0.0.1", server.port);
    expect(diagnosis.findings.map(({ id, severity }) => [id, severity])).toEqual([["also-old:shop", "info"]]);
    expect(diagnosis.finding("also-old:shop").title).toContain("also takes TLSv1.1");
    expect(diagnosis.advice("replaceOld")).toContain("$ssl_protocol");
    const today = await tlsWebServer({ ...pair, minVersion: "TLSv1.2" }, (_request, answer) =>
      answer.end("ok"),
    );
    cleanups.push(today.close);
    expect((await diagnose("127.0.0.1", today.port)).findings).toEqual([]);
  });

  test("a key of 1024 bits works for some", async () => {
    const { port } = await serve(authority.issueWeak(LOCAL));
    const diagnosis = await diagnose("127.0.0.1", port);
    expect(diagnosis.finding("weak:shop").title).toContain("1024 bits only");
  });

  test("a port without TLS, and one without a server, are said", async () => {
    const plain = await webServer((_request, answer) => answer.end("ok"));
    cleanups.push(plain.close);
    expect((await diagnose("127.0.0.1", plain.port)).finding("unread:shop").title).toContain(
      "no TLS on this port",
    );
    const nobody = await diagnose("127.0.0.1", await freePort());
    expect(nobody.finding("unread:shop").title).toContain("connection refused");
  });
});

test("a system without TLS endpoints is told so", async () => {
  const bench = openBench({
    connections: { api: { kind: "http", url: "http://127.0.0.1:1" } },
    connectors: [networkConnectorWith()],
  });
  const { findings } = await bench.diagnose(tlsExpiry);
  expect(findings.map(({ id, severity }) => [id, severity])).toEqual([["no-tls", "info"]]);
  await bench.close();
});
