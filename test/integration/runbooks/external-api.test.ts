import type { RequestListener } from "node:http";
import { connect, createServer, type LookupFunction } from "node:net";
import { afterEach, expect, test } from "vitest";
import { externalApi } from "../../../runbooks/http/external-api.ts";
import { httpConnectorWith } from "../../../src/connectors/http/index.ts";
import { testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { listening, tlsWebServer, webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
type Edge = Parameters<typeof httpConnectorWith>[0];

const diagnose = (
  url: string,
  params = {},
  { edge = {}, more = {} }: { edge?: Edge; more?: object } = {},
) => {
  const bench = openBench({
    connections: { zoho: { kind: "http", url, external: true, health: "/status", ...more } },
    connectors: [httpConnectorWith(edge)],
  });
  cleanups.push(bench.close);
  return bench.diagnose(externalApi, params);
};
const serve = async (handler: RequestListener) => {
  const server = await webServer(handler);
  cleanups.push(server.close);
  return `http://127.0.0.1:${server.port}`;
};
/** Answers the statuses one after the other, the last one for ever. */
const statuses = (...list: number[]) => statusesWith({}, ...list);
const statusesWith = (headers: Record<string, string>, ...list: number[]) => {
  let asked = 0;
  const handler: RequestListener = (_request, answer) => {
    answer.writeHead(list[Math.min(asked, list.length - 1)] ?? 200, headers).end("{}");
    asked += 1;
  };
  return { handler, asked: () => asked };
};

test("a quick dependency is no finding; asked as often as wanted, with its headers", async () => {
  const seen: (string | undefined)[] = [];
  const url = await serve((request, answer) => {
    seen.push(request.headers.authorization);
    expect(request.headers["user-agent"]).toBe("diagbot");
    answer.end("{}");
  });
  const { findings } = await diagnose(
    url,
    { samples: 3 },
    { more: { headers: { authorization: "Bearer quite-secret" } } },
  );
  expect(findings).toEqual([]);
  expect(seen).toEqual(["Bearer quite-secret", "Bearer quite-secret", "Bearer quite-secret"]);
});

test("429: found with Retry-After, and not asked again", async () => {
  const { handler, asked } = statusesWith({ "retry-after": "7" }, 429);
  const diagnosis = await diagnose(await serve(handler));
  expect(diagnosis.findings.map(({ id }) => id)).toEqual(["rate-limited:zoho"]);
  expect(diagnosis.finding("rate-limited:zoho").title).toContain("retry after 7 s");
  expect(asked()).toBe(1);
  expect(diagnosis.advice("slowDown")).toContain("Send nothing for 7 s");
});

test("all requests fail with 503", async () => {
  const diagnosis = await diagnose(await serve(statuses(503).handler));
  const finding = diagnosis.finding("server-error:zoho");
  expect(finding.severity).toBe("critical");
  expect(finding.title).toMatch(/: 503$/);
  expect(finding.evidence[0]).toMatchObject({
    kind: "table",
    rows: Array(5).fill(expect.arrayContaining(["503"])),
  });
});

test.each([
  ["a limit under 403 (GitHub)", 403, { "retry-after": "60" }, "rate-limited:zoho", "slowDown"],
  ["a wait that is asked for", 503, { "retry-after": "60" }, "server-error:zoho", "waitForProvider"],
  ["credentials: accounts are locked after a few", 401, {}, "credentials:zoho", "fixRequest"],
] as const)("one request is enough: %s", async (_name, status, headers, id, remedy) => {
  const { handler, asked } = statusesWith(headers, status);
  const diagnosis = await diagnose(await serve(handler));
  expect(asked()).toBe(1);
  expect(diagnosis.findings.map((one) => one.id)).toEqual([id]);
  expect(diagnosis.finding(id).remedies).toEqual([remedy]);
});

test("the edge answers, not the service (Cloudflare 522)", async () => {
  const diagnosis = await diagnose(
    await serve((_request, answer) =>
      answer.writeHead(522, { server: "cloudflare", "cf-ray": "0-FRA" }).end("error code: 522"),
    ),
  );
  const { title, because } = diagnosis.finding("server-error:zoho");
  expect(title).toContain("522 from Cloudflare");
  expect(because).not.toMatch(/itself/);
  expect(diagnosis.advice("waitForProvider")).toContain("past the edge");
});

test("one question has one answer: what service-health calls ill, external-api does, too", async () => {
  const url = await serve((_request, answer) =>
    answer
      .setHeader("content-type", "text/html")
      .end("<!doctype html><title>Shop</title><div id=root></div>"),
  );
  const { findings } = await diagnose(url, {}, { more: { health: "/spa/health" } });
  expect(findings.map(({ id }) => id)).toEqual(["page:zoho"]);
});

test("one bad backend of several: a warning with its share", async () => {
  const diagnosis = await diagnose(await serve(statuses(200, 502, 200, 502, 200).handler));
  const finding = diagnosis.finding("server-error:zoho");
  expect(finding.severity).toBe("warning");
  expect(finding.title).toContain("2 of 5");
});

test.each([
  [401, "credentials:zoho", "Give the connection credentials"],
  [404, "client-error:zoho", "Correct `url:`"],
] as const)("%i: %s", async (status, id, advice) => {
  const diagnosis = await diagnose(await serve(statuses(status).handler));
  expect(diagnosis.findings.map((finding) => finding.id)).toEqual([id]);
  expect(diagnosis.advice("fixRequest")).toContain(advice);
});

test("401 to credentials that were sent: they are the matter", async () => {
  const more = { headers: { authorization: "Bearer quite-secret" } };
  const diagnosis = await diagnose(await serve(statuses(401).handler), {}, { more });
  expect(diagnosis.advice("fixRequest")).toContain("Renew the credentials");
});

test("down: refused", async () => {
  const diagnosis = await diagnose(`http://127.0.0.1:${await freePort()}`);
  expect(diagnosis.finding("unanswered:zoho").title).toContain("connection refused");
  expect(diagnosis.finding("unanswered:zoho").severity).toBe("critical");
});

test("flapping: some requests are cut", async () => {
  let asked = 0;
  const url = await serve((request, answer) => {
    asked += 1;
    if (asked % 2 === 0) request.socket.destroy();
    else answer.end("{}");
  });
  const finding = (await diagnose(url, { samples: 4 })).finding("unanswered:zoho");
  expect(finding.severity).toBe("warning");
  expect(finding.title).toContain("2 of 4 requests: connection reset");
});

test("slow provider: the phase is the wait for the first byte", async () => {
  const url = await serve((_request, answer) => {
    setTimeout(() => answer.end("{}"), 80);
  });
  const diagnosis = await diagnose(url, { slowSeconds: 0.05, samples: 3 });
  const finding = diagnosis.finding("slow:zoho");
  expect(finding.severity).toBe("warning");
  expect(finding.because).toContain("waiting for the first byte");
  expect(diagnosis.advice("bridgeSlowness")).toContain("provider itself");
  expect(finding.evidence[0]).toMatchObject({
    kind: "table",
    rows: [["1", "200"], ["2"], ["3"]].map((row) => expect.arrayContaining(row)),
  });
});

test.skipIf(whyNoOpenssl() !== undefined)("slow TLS: the handshake is named in the title", async () => {
  const authority = testAuthority();
  const upstream = await tlsWebServer(authority.issue(["IP:127.0.0.1"], -1, 9), (_request, answer) =>
    answer.end("{}"),
  );
  // The first bytes of the handshake are held back, as a starved TLS terminator does.
  const slow = await listening(
    createServer((socket) => {
      const behind = connect(upstream.port, "127.0.0.1").on("error", () => {});
      socket.on("error", () => {}).on("close", () => behind.destroy());
      setTimeout(() => socket.pipe(behind).pipe(socket), 150);
    }),
  );
  authority.remove();
  cleanups.push(upstream.close, slow.close);
  const edge = { ca: [authority.ca] };
  const url = `https://127.0.0.1:${slow.port}`;
  const { findings } = await diagnose(url, { slowSeconds: 0.1, samples: 2 }, { edge });
  expect(findings[0]?.title).toMatch(/ is slow: p50 .*, mostly the TLS handshake$/);
});

test("a 200 that says degraded, and a 429 in the middle of good answers", async () => {
  const ill = await diagnose(
    await serve((_request, answer) =>
      answer.setHeader("content-type", "application/json").end('{"status":"degraded"}'),
    ),
  );
  expect(ill.findings[0]?.title).toMatch(/ answers 200 but says "degraded"$/);
  const { findings } = await diagnose(await serve(statuses(200, 200, 429).handler));
  expect(findings[0]?.title).toContain("limits us: 429");
});

test("slow name server: the phase is DNS, not the provider", async () => {
  const url = await serve((_request, answer) => answer.end("{}"));
  const lookup: LookupFunction = (_host, options, done) => {
    setTimeout(() => {
      if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    }, 80);
  };
  const slow = url.replace("127.0.0.1", "zoho.lab");
  const diagnosis = await diagnose(slow, { slowSeconds: 0.05, samples: 2 }, { edge: { lookup } });
  expect(diagnosis.finding("slow:zoho").because).toContain("looking up the name");
});

test.skipIf(whyNoOpenssl() !== undefined)(
  "an expired certificate is the cause; a good one is timed",
  async () => {
    const authority = testAuthority();
    const edge = { ca: [authority.ca] };
    const good = await tlsWebServer(authority.issue(["IP:127.0.0.1"], -1, 9), (_request, answer) =>
      answer.end("{}"),
    );
    const bad = await tlsWebServer(authority.issue(["IP:127.0.0.1"], -9, -1), (_request, answer) =>
      answer.end("{}"),
    );
    authority.remove();
    cleanups.push(good.close, bad.close);
    const healthy = await diagnose(`https://127.0.0.1:${good.port}`, {}, { edge });
    expect(healthy.findings).toEqual([]);
    const expired = await diagnose(`https://127.0.0.1:${bad.port}`, {}, { edge });
    const finding = expired.finding("unanswered:zoho");
    expect(finding.title).toContain("certificate not accepted: expired");
    expect(finding.because).toContain("expired");
  },
);

test("only connections marked external are asked; without a mark all are", async () => {
  const url = await serve((_request, answer) => answer.end("{}"));
  const down = `http://127.0.0.1:${await freePort()}`;
  const bench = openBench({
    connections: { own: { kind: "http", url: down }, zoho: { kind: "http", url, external: true } },
    connectors: [httpConnectorWith()],
  });
  cleanups.push(bench.close);
  expect((await bench.diagnose(externalApi)).findings).toEqual([]);
  const named = await bench.diagnose(externalApi, { connection: "own" });
  expect(named.findings.map(({ id }) => id)).toEqual(["unanswered:own"]);
  const nobody = await bench.diagnose(externalApi, { connection: "x" });
  expect(nobody.finding("no-connection").because).toContain("own, zoho");
});

test("an answer of a cache says nothing of now; one of three seconds ago does", async () => {
  let age = 10_800;
  const url = await serve((_request, answer) =>
    answer
      .writeHead(200, { "content-type": "application/json", "x-cache": "HIT", age: `${age}` })
      .end('{"status":"ok"}'),
  );
  const { findings, advice } = await diagnose(url, { samples: 1 });
  expect(findings).toMatchObject([
    { id: "copy:zoho", severity: "warning", because: expect.stringMatching(/says "ok": it is 3 h old/) },
  ]);
  expect(advice("fixRequest")).toMatch(/no-store/);
  age = 3;
  expect((await diagnose(url, { samples: 1 })).findings).toEqual([]);
});
