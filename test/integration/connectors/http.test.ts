import type { RequestListener } from "node:http";
import { createServer } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import * as http from "../../../src/connectors/http/actions.ts";
import { httpConnector } from "../../../src/connectors/http/index.ts";
import * as network from "../../../src/connectors/network/actions.ts";
import { networkConnector } from "../../../src/connectors/network/index.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { listening, webServer } from "../../helpers/web-server.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});
const bench = (url: string, more: object = {}) => {
  const one = openBench({
    connections: { api: { kind: "http", url, ...more } },
    connectors: [httpConnector, networkConnector],
  });
  cleanups.push(one.close);
  return one;
};
const serve = async (handler: RequestListener) => {
  const server = await webServer(handler);
  cleanups.push(server.close);
  return `http://127.0.0.1:${server.port}`;
};

test("base path, health path and basic credentials of the URL are used", async () => {
  const seen: string[] = [];
  const url = await serve((request, answer) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer.end("ok");
  });
  await bench(url.replace("//", "//bob:s3cret-word@").concat("/v2/"), { health: "/ready?full=1" }).call(
    http.health(),
  );
  expect(seen).toEqual([`GET /v2/ready?full=1 Basic ${btoa("bob:s3cret-word")}`]);
});

test("the excerpt of a bad answer is short and without the connection's secrets", async () => {
  const url = await serve((request, answer) => {
    answer.writeHead(500).end(`${request.headers["x-key"]} ${"y".repeat(5000)}`);
  });
  const seen = await bench(url, { headers: { "x-key": "quite-secret-key" } }).call(http.health());
  expect(seen.excerpt).toContain("[redacted]");
  expect(seen.excerpt).not.toContain("quite-secret-key");
  expect(seen.excerpt?.length).toBeLessThanOrEqual(500);
});

test.each(["//evil.example/x", "http://evil.example", "x", "/a b", "/a\\b"])(
  "the path %j is refused",
  (path) => {
    expect(() => http.health({ path })).toThrow(/path of the service/);
  },
);

test("an endless redirect within the service ends", async () => {
  let asked = 0;
  const url = await serve((_request, answer) => {
    asked += 1;
    answer.writeHead(302, { location: `/again${asked}` }).end();
  });
  const seen = await bench(url).call(http.health());
  expect(seen.status).toBe(302);
  expect(seen.redirect).toContain("/again");
  expect(asked).toBe(4);
});

test("a large body is read up to 64 KiB and the connection is cut", async () => {
  let isClosed = false;
  const url = await serve((request, answer) => {
    request.socket.once("close", () => {
      isClosed = true;
    });
    const more = () => answer.write("x".repeat(10_000), (error) => (error ? undefined : more()));
    more();
  });
  expect((await bench(url).call(http.health())).status).toBe(200);
  await until(() => isClosed);
});

test("a call that is stopped ends at once and leaves no connection", async () => {
  let open = 0;
  const url = await serve((request) => {
    open += 1;
    request.socket.once("close", () => {
      open -= 1;
    });
  });
  const { action, client, context } = bench(url).resolve(http.samples());
  const stop = new AbortController();
  const running = action.run(client, { count: 5 }, { ...context, signal: stop.signal });
  await until(() => open === 1);
  stop.abort(new Error("lease lost"));
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  await until(() => open === 0);
});

test("closing the client ends what is under way", async () => {
  let asked = false;
  const url = await serve(() => {
    asked = true;
  });
  const one = bench(url);
  const call = one.call(http.health()).catch((error: unknown) => error);
  await until(() => asked);
  await one.close();
  expect(await call).toMatchObject({ name: "DiagError" });
});

test("a body that never ends is a timeout of its own phase", async () => {
  const url = await serve((_request, answer) => {
    answer.write("begin");
  });
  const { action, client, context } = bench(url).resolve(http.health());
  const running = action.run(client, {}, { ...context, timeoutMs: 200 });
  await expect(running).rejects.toMatchObject({ code: "timeout", detail: "body" });
});

test("a TLS handshake that never ends is a timeout of its own phase", async () => {
  const server = await listening(createServer(() => undefined));
  cleanups.push(server.close);
  const one = bench(`https://127.0.0.1:${server.port}`);
  for (const call of [http.health(), network.tlsCertificate()]) {
    const { action, client, context } = one.resolve(call);
    const running = action.run(client, {}, { ...context, timeoutMs: 200 });
    await expect(running).rejects.toMatchObject({ code: "timeout", detail: "tls" });
  }
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
] as const)(
  "a body that comes as %s, though none was asked for, is read; a bomb is cut",
  async (encoding, pack) => {
    const url = await serve((request, answer) => {
      const body = request.url === "/bomb" ? Buffer.alloc(20_000_000, 32) : Buffer.from('{"status":"down"}');
      answer
        .writeHead(200, { "content-type": "application/json", "content-encoding": encoding })
        .end(pack(body));
    });
    expect((await bench(url).call(http.health())).verdict).toBe("unhealthy");
    expect((await bench(url).call(http.health({ path: "/bomb" }))).cause).toBe("fine");
  },
);

test("a body that is not compressed as it says is an error of the service", async () => {
  const url = await serve((_request, answer) =>
    answer.writeHead(200, { "content-encoding": "gzip" }).end('{"status":"ok"}'),
  );
  await expect(bench(url).call(http.health())).rejects.toMatchObject({ code: "target_error" });
});
