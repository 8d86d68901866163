import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as tcp } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { nginx } from "../../../src/sdk/index.ts";
import { nowhere } from "../../contract/servers.ts";
import { testAuthority } from "../../helpers/certificates.ts";
import { whyNoNginx } from "../../helpers/nginx-server.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";
import { nginxBench, passing, said, serving } from "./nginx-bench.ts";

const missing = whyNoNginx();
const { after, diagnose, end, make, open, service, started } = nginxBench();

describe.skipIf(missing !== undefined)(`a real nginx${missing === undefined ? "" : ` (${missing})`}`, () => {
  afterEach(end);

  test("one that passes requests on to a service that answers has nothing to say", async () => {
    const address = await service((_request, response) => response.end("ok"));
    const web = await started((one) => passing(one, address));
    expect(await web.get("/")).toBe(200);
    expect(said(await diagnose(web))).toEqual([]);
  });

  test("502: nothing listens, before what follows from it; and once it is there again a note", async () => {
    const port = await nowhere();
    const web = await started((one) => passing(one, `127.0.0.1:${port}`));
    expect(await web.get("/")).toBe(502);
    expect(await web.get("/")).toBe(502);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["critical refused"]);
    expect(run.finding("refused").title).toBe(`Nothing listens at 127.0.0.1:${port}: nginx answers 502`);
    expect(run.finding("refused").because).toContain("refuses");
    expect(run.advice("startUpstream")).toContain(`127.0.0.1:${port}`);
    const back = await listening(
      createServer((_request, response) => response.end("ok")),
      port,
    );
    after(() => back.close());
    const later = await diagnose(web);
    // A line so young and an answer now: just back, or coming and going.
    expect(said(later)).toEqual(["warning refused"]);
    expect(later.finding("refused").because).toContain("Asked now, it answers. Either it has just come back");
    const log = join(web.folder, "error.log");
    const old = (seconds: number) =>
      new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
    writeFileSync(log, readFileSync(log, "utf8").replaceAll(/^.{19}/gm, old(300)));
    utimesSync(log, Date.now() / 1000 - 300, Date.now() / 1000 - 300);
    expect(said(await diagnose(web))).toEqual(["info refused"]);
  });

  test("two members, both away: no live upstreams follows from it", async () => {
    const [one, two] = [await nowhere(), await nowhere()];
    const web = await started((server) => serving(server, "location / { return 204; }"));
    const members = `upstream api { server 127.0.0.1:${one}; server 127.0.0.1:${two}; }`;
    web.write(serving(web, "location / { proxy_pass http://api; }", members), 600);
    await web.reload();
    for (let n = 0; n < 4; n++) expect(await web.get("/")).toBe(502);
    expect(said(await diagnose(web))).toEqual(["critical refused", "critical no-live-upstreams"]);
  });

  test("a member that is away beside one that answers: nginx goes on, and it is said", async () => {
    const address = await service((_request, response) => response.end("ok"));
    const away = await nowhere();
    const web = await started((server) =>
      serving(
        server,
        "location / { return 204; }",
        `upstream api { server ${address}; server 127.0.0.1:${away}; }\nserver { listen 127.0.0.1:${server.port}; server_name other; location / { proxy_pass http://api; } }`,
      ),
    );
    const run = await diagnose(web);
    expect(said(run)).toEqual(["warning member-silent"]);
    expect(run.finding("member-silent").because).toContain("Others of the upstream answer");
  });

  test("504: it takes the connection and does not answer", async () => {
    const web = await started((one) => serving(one, "location / { return 204; }"));
    const silent = await listening(tcp((socket) => socket.resume().on("error", () => {})));
    after(() => silent.close());
    web.write(passing(web, `127.0.0.1:${silent.port}`), 600);
    await web.reload();
    expect(await web.get("/")).toBe(504);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["critical answer-timeout"]);
    expect(run.finding("answer-timeout").because).toContain("takes the connection and does not answer");
  });

  test("502 given by the service itself is not nginx's", async () => {
    const address = await service((_request, response) => {
      response.statusCode = 502;
      response.end("bad");
    });
    const web = await started((one) => passing(one, address));
    expect(await web.get("/")).toBe(502);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["warning answered-by-upstream"]);
    expect(run.finding("answered-by-upstream").because).toContain("passed them on");
  });

  test("a service that ends the connection: a crash, or a kept connection; both are said", async () => {
    const address = await service((request) => request.socket.destroy());
    const web = await started((one) => serving(one, "location / { return 204; }"));
    web.write(passing(web, address), 600);
    await web.reload();
    expect(await web.get("/")).toBe(502);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["warning closed-early"]);
    expect(run.finding("closed-early").because).toContain("To tell them apart");
  });

  test("too large bodies and limits of requests are no fault of nginx", async () => {
    const web = await started((one) =>
      serving(
        one,
        "client_max_body_size 1k; location /limited { limit_req zone=z; return 204; } location / { proxy_pass http://127.0.0.1:1; } ",
        "limit_req_zone $uri zone=z:1m rate=1r/m;",
      ),
    );
    const sent = await fetch(`http://127.0.0.1:${web.port}/`, { method: "POST", body: "x".repeat(2_000) });
    expect(sent.status).toBe(413);
    const run = await diagnose(web);
    const others = run.findings.filter(({ id }) => id !== "member-silent");
    expect(others.map(({ title, because }) => `${title}: ${because}`)).toEqual([]);
  });

  test("out of worker_connections", async () => {
    const web = await started((one) => serving(one, "location / { return 204; }"));
    const config = readFileSync(web.config, "utf8").replace("worker_connections 64", "worker_connections 4");
    writeFileSync(web.config, config);
    utimesSync(web.config, 1, 1);
    await web.reload();
    const sockets = await Promise.all(
      Array.from({ length: 6 }, () =>
        fetch(`http://127.0.0.1:${web.port}/`, { headers: { connection: "keep-alive" } }).then(
          () => undefined,
          () => undefined,
        ),
      ),
    );
    expect(sockets).toHaveLength(6);
    await until(() =>
      readFileSync(join(web.folder, "error.log"), "utf8").includes("worker_connections are not enough"),
    );
    const run = await diagnose(web);
    expect(said(run)).toContain("critical worker-connections");
    expect(run.advice("raiseLimits")).toContain("worker_connections is 4 for each of 1 workers");
  });

  test("broken on disk while the old serves: the line, and no reload", async () => {
    const web = await started((one) => serving(one, "location / { return 204; }"));
    web.write(serving(web, "location / { retrun 204; }"));
    const run = await diagnose(web);
    expect(run.findings[0]).toMatchObject({
      id: "config-broken",
      severity: "warning",
      remedies: ["mendConfig"],
    });
    expect(run.finding("config-broken").because).toContain('unknown directive "retrun"');
    expect(JSON.stringify(run.finding("config-broken").evidence)).toContain("location / { retrun 204; }");
    expect(run.findings.flatMap(({ remedies }) => remedies)).not.toContain("reload");
    expect(await web.get("/")).toBe(204);
  });

  test("not running, with a configuration that is fine, and with one that is not", async () => {
    const web = await make();
    web.write(serving(web, "location / { return 204; }"), 600);
    expect(said(await diagnose(web))).toEqual(["critical not-running"]);
    web.write("server { listn 1; }", 600);
    expect(said(await diagnose(web))).toEqual([
      "critical config-broken",
      "critical not-running",
      "info could-not-look",
    ]);
  });

  test("edited and not reloaded; read again once approved, by new workers", async () => {
    const web = await started((one) => serving(one, "location / { return 204; }"));
    web.write(serving(web, "location / { return 205; }"));
    const soon = Date.now() / 1000 + 5;
    utimesSync(web.config, soon, soon);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["warning reload-forgotten"]);
    const before = web.workers();
    const done = await run.apply("reload", async () => utimesSync(web.config, 1, 1));
    expect(done.previews[0]?.changes[0]).toContain(
      "nginx -t && nginx -s reload (the test passes now; written since:",
    );
    expect([done.holds, await web.get("/")]).toEqual([true, 205]);
    expect(before).not.toContain(web.workers()[0]);
  });

  test("certificates: expired, soon, and renewed on disk while the old one is served", async () => {
    const authority = testAuthority();
    after(() => authority.remove());
    const web = await make();
    const put = (from: number, to: number) => {
      const { cert, key } = authority.issue(["DNS:shop.lab"], from, to);
      writeFileSync(join(web.folder, "shop.crt"), cert);
      writeFileSync(join(web.folder, "shop.key"), key);
      for (const name of ["shop.crt", "shop.key"]) utimesSync(join(web.folder, name), 1, 1);
    };
    put(-90, -2);
    web.write(
      `server { listen 127.0.0.1:${web.port} ssl; server_name shop.lab; ssl_certificate ${web.folder}/shop.crt; ssl_certificate_key ${web.folder}/shop.key; return 204; }`,
      600,
    );
    await web.start();
    expect(said(await diagnose(web))).toEqual(["critical certificate-expired"]);
    put(-1, 90);
    const run = await diagnose(web);
    expect(said(run)).toEqual(["critical old-certificate-served"]);
    expect(run.finding("old-certificate-served").remedies).toEqual(["reload"]);
    expect((await run.apply("reload")).holds).toBe(true);
    expect(said(await diagnose(web))).toEqual([]);
    put(-80, 5);
    expect(said(await diagnose(web))).toEqual(["warning certificate-expires"]);
  });

  test("stub_status, where the connection names it; a page that is none says so", async () => {
    const web = await started((one) =>
      serving(one, "location / { return 204; } location /status { stub_status; } "),
    );
    const bench = (status: string) => open(web, { status });
    const { counts } = await bench(`http://127.0.0.1:${web.port}/status`).call(nginx.status());
    expect(counts?.active).toBeGreaterThanOrEqual(1);
    expect(counts?.handled).toBe(counts?.accepted);
    await expect(bench(`http://127.0.0.1:${web.port}/`).call(nginx.status())).rejects.toMatchObject({
      code: "bad_output",
    });
  });
});
