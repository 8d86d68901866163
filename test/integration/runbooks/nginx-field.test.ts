import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { nowhere } from "../../contract/servers.ts";
import { testAuthority } from "../../helpers/certificates.ts";
import { type NginxServer, whyNoNginx } from "../../helpers/nginx-server.ts";
import { until } from "../../helpers/until.ts";
import { nginxBench, passing, said, serving } from "./nginx-bench.ts";

const missing = whyNoNginx();
const { after, diagnose, end, make, service, started } = nginxBench();

/** What installations look like that are not one configuration file, read by root. */
describe.skipIf(missing !== undefined)(
  `nginx as it is found${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    afterEach(end);

    const still = "location / { return 204; }";
    const stamp = (secondsAgo = 0) =>
      new Date(Date.now() - secondsAgo * 1000)
        .toISOString()
        .slice(0, 19)
        .replaceAll("-", "/")
        .replace("T", " ");
    const logged = (web: NginxServer, lines: readonly string[], file = "error.log", level = "error") =>
      writeFileSync(
        join(web.folder, file),
        lines.map((line) => `${stamp(5)} [${level}] 7#7: *1 ${line}\n`).join(""),
      );

    test("its pid file was removed: it runs", async () => {
      const web = await started((one) => serving(one, still));
      const pid = join(web.folder, "nginx.pid");
      renameSync(pid, `${pid}.away`);
      const run = await diagnose(web).finally(() => renameSync(`${pid}.away`, pid));
      expect(said(run)).not.toContain("critical not-running");
      expect(said(run)).toEqual(["warning pid-file-wrong"]);
    });

    test("a site that is a link, edited and not reloaded", async () => {
      const web = await make();
      mkdirSync(join(web.folder, "available"));
      const [site, link] = [join(web.folder, "available", "shop"), join(web.folder, "shop.conf")];
      writeFileSync(site, serving(web, still));
      symlinkSync(site, link);
      utimesSync(site, 1, 1);
      web.write(`include ${web.folder}/*.conf;`.replace("/*.conf", "/shop.conf"), 600);
      await web.start();
      await until(() =>
        web.get("/").then(
          () => true,
          () => false,
        ),
      );
      expect(said(await diagnose(web))).toEqual([]);
      const soon = Date.now() / 1000 + 5;
      utimesSync(site, soon, soon);
      expect(said(await diagnose(web))).toEqual(["warning reload-forgotten"]);
    });

    test.each([
      ["to the standard error", "error_log stderr;"],
      ["to syslog", "error_log syslog:server=127.0.0.1;"],
      ["nowhere", "error_log /dev/null crit;"],
      ["of what is critical only", "error_log FOLDER/crit.log crit;"],
    ])("an error log %s is not read, and that is said", async (_what, line) => {
      const web = await started((one) => serving(one, still));
      const config = readFileSync(web.config, "utf8").replace(
        /error_log .*;/,
        line.replace("FOLDER", web.folder),
      );
      writeFileSync(web.config, config);
      utimesSync(web.config, 1, 1);
      await web.reload();
      const run = await diagnose(web);
      expect(said(run)).toEqual(["info could-not-look"]);
      expect(run.finding("could-not-look").title).toContain("error");
    });

    test("answers are read from an access log in JSON; another form of one's own is said", async () => {
      const address = await service((_request, response) => {
        response.statusCode = 503;
        response.end("no");
      });
      const json = `log_format j escape=json '{"time":"$time_iso8601","status":"$status","uri":"$uri","agent":"$http_user_agent"}'; log_format own '$status $uri $http_user_agent';`;
      const web = await started(
        (one) =>
          `${json}${passing(one, address).replace("proxy_read", `access_log ${one.folder}/j.log j; proxy_read`)}`,
      );
      await web.get("/");
      expect(said(await diagnose(web))).toEqual(["warning answered-by-upstream"]);
      web.write(
        `${json}${passing(web, address).replace("proxy_read", `access_log ${web.folder}/own.log own; proxy_read`)}`,
        600,
      );
      await web.reload();
      rmSync(join(web.folder, "j.log"));
      await web.get("/");
      expect(said(await diagnose(web))).toEqual(["info could-not-look"]);
    });

    test("logs were rotated a moment ago: the cause is in the one before", async () => {
      const web = await started((one) => serving(one, still));
      logged(
        web,
        [
          'connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://127.0.0.1:1/"',
        ],
        "error.log.1",
      );
      expect(said(await diagnose(web))).toEqual(["critical refused"]);
    });

    test("the log of the fifth site tells it", async () => {
      const sites = (web: NginxServer) =>
        [1, 2, 3, 4, 5]
          .map(
            (n) =>
              `server { listen 127.0.0.1:${web.port}; server_name s${n}; error_log ${web.folder}/s${n}.log; return 204; }`,
          )
          .join("\n");
      const web = await started(sites);
      logged(
        web,
        [
          'connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://127.0.0.1:1/"',
        ],
        "s5.log",
      );
      expect(said(await diagnose(web))).toEqual(["critical refused"]);
    });

    test("the queue of a socket is full; the disk of buffers is full; Alpine's words", async () => {
      const web = await started((one) => serving(one, still));
      logged(web, [
        'connect() to unix:/run/app.sock failed (11: Resource temporarily unavailable) while connecting to upstream, upstream: "http://unix:/run/app.sock:/"',
      ]);
      expect(said(await diagnose(web))).toEqual(["critical backlog-full"]);
      logged(
        web,
        [
          'pwritev() "/var/lib/nginx/proxy/1/00/0000000001" failed (28: No space left on device) while reading upstream, upstream: "http://127.0.0.1:1/"',
        ],
        "error.log",
        "crit",
      );
      expect(said(await diagnose(web))).toEqual(["critical no-space"]);
      logged(web, ["accept4() failed (24: No file descriptors available)"]);
      expect(said(await diagnose(web))).toEqual(["critical open-files"]);
      logged(web, [
        'connect() to 10.0.0.5:80 failed (99: Cannot assign requested address) while connecting to upstream, upstream: "http://10.0.0.5:80/"',
      ]);
      expect(said(await diagnose(web))).toEqual(["critical no-local-port"]);
      logged(web, [
        'upstream sent no valid HTTP/1.0 header while reading response header from upstream, upstream: "http://10.0.0.5:443/"',
      ]);
      expect(said(await diagnose(web))).toEqual(["critical no-http"]);
      logged(web, [
        'rewrite or internal redirection cycle while internally redirecting to "/index.html", client: 10.0.0.1',
      ]);
      expect(said(await diagnose(web))).toEqual(["critical redirect-cycle"]);
    });

    test("certificates of included files and of all servers together", async () => {
      const authority = testAuthority();
      after(() => authority.remove());
      const web = await make();
      const { cert, key } = authority.issue(["DNS:shop.lab"], -90, -2);
      writeFileSync(join(web.folder, "shop.crt"), cert);
      writeFileSync(join(web.folder, "shop.key"), key);
      writeFileSync(
        join(web.folder, "tls.inc"),
        `ssl_certificate ${web.folder}/shop.crt; ssl_certificate_key ${web.folder}/shop.key;`,
      );
      for (const name of ["shop.crt", "shop.key", "tls.inc"]) utimesSync(join(web.folder, name), 1, 1);
      web.write(
        `server { listen 127.0.0.1:${web.port} ssl; server_name shop.lab; include ${web.folder}/tls.inc; return 204; }`,
        600,
      );
      await web.start();
      expect(said(await diagnose(web))).toEqual(["critical certificate-expired"]);
    });

    test("two certificates of one server, and a wildcard beside another default: each is its own", async () => {
      const authority = testAuthority();
      after(() => authority.remove());
      const web = await make();
      const put = (name: string, names: string[], to: number) => {
        const { cert, key } = authority.issue(names, -1, to);
        writeFileSync(join(web.folder, `${name}.crt`), cert);
        writeFileSync(join(web.folder, `${name}.key`), key);
        for (const end of ["crt", "key"]) utimesSync(join(web.folder, `${name}.${end}`), 1, 1);
        return `ssl_certificate ${web.folder}/${name}.crt; ssl_certificate_key ${web.folder}/${name}.key;`;
      };
      const first = put("first", ["DNS:first.lab"], 40);
      const wild = put("wild", ["DNS:*.shop.lab"], 80);
      web.write(
        `server { listen 127.0.0.1:${web.port} ssl; server_name first.lab; ${first} return 204; }
       server { listen 127.0.0.1:${web.port} ssl; server_name *.shop.lab; ${wild} return 204; }
       server { listen 127.0.0.1:${web.port} ssl; server_name ~^x(\\d+)$; ${wild} return 204; }`,
        600,
      );
      await web.start();
      expect(said(await diagnose(web))).toEqual([]);
    });

    test("an upstream in a variable is asked where its value is known, and said where it is not", async () => {
      const away = await nowhere();
      const web = await started((one) =>
        serving(
          one,
          `location / { return 204; } location /a { set $up 127.0.0.1:${away}; proxy_pass http://$up; }`,
        ),
      );
      expect(said(await diagnose(web))).toEqual(["critical member-silent"]);
      web.write(serving(web, "location / { return 204; } location /a { proxy_pass http://$arg_to; }"), 600);
      await web.reload();
      expect(said(await diagnose(web))).toEqual(["info could-not-look"]);
    });

    test("one line of nginx's own does not answer for all the answers of the service", async () => {
      const address = await service((_request, response) => {
        response.statusCode = 502;
        response.end("bad");
      });
      const web = await started((one) => passing(one, address));
      for (let n = 0; n < 20; n++) await web.get("/");
      logged(web, [
        `connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://${address}/"`,
      ]);
      expect(said(await diagnose(web))).toContain("warning answered-by-upstream");
    });

    test("nginx writes another zone's time than the shell has", async () => {
      const zone = process.env.TZ;
      process.env.TZ = "LAB-9";
      const away = await nowhere();
      const web = await started((one) => passing(one, `127.0.0.1:${away}`)).finally(() => {
        if (zone === undefined) delete process.env.TZ;
        else process.env.TZ = zone;
      });
      await web.get("/");
      const run = await diagnose(web);
      expect(said(run)).toEqual(["critical refused"]);
    });

    test("a name that has no address: the name, not the line", async () => {
      const web = await started((one) => serving(one, still));
      web.write(serving(web, "location / { proxy_pass http://api.invalid; }"), 600);
      const run = await diagnose(web);
      expect(run.finding("config-broken").remedies).toEqual(["resolveNames"]);
      expect(run.finding("config-broken").title).toContain("api.invalid");
    });

    test("nginx's own limits gave the 503", async () => {
      const web = await started((one) =>
        serving(
          one,
          "location /limited { limit_req zone=z; try_files /nothing =204; } location / { return 204; }",
          "limit_req_zone $server_name zone=z:1m rate=1r/m;",
        ),
      );
      const codes = [await web.get("/limited"), await web.get("/limited"), await web.get("/limited")];
      expect(codes).toContain(503);
      const run = await diagnose(web);
      expect(said(run)).toEqual(["info limited"]);
      expect(run.finding("limited").title).toContain("503");
    });

    test("lines of an application inside the log change no other's", async () => {
      const away = await nowhere();
      const web = await started((one) => serving(one, still));
      writeFileSync(
        join(web.folder, "error.log"),
        `${stamp(5)} [error] 7#7: *1 FastCGI sent in stderr: "PHP message: boom\n==\n- <!channel> gone\n==\n" while reading response header from upstream\n${stamp(4)} [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, upstream: "http://127.0.0.1:${away}/"\n`,
      );
      const run = await diagnose(web);
      expect(said(run)).toEqual(["critical refused"]);
    });

    test("a member behind a socket that speaks another protocol is asked for its connection", async () => {
      const web = await make();
      const path = join(web.folder, "app.sock");
      const app = createServer((socket) =>
        socket
          .on("error", () => {})
          .resume()
          .end(),
      );
      await new Promise<void>((resolve) => app.listen(path, resolve));
      after(() => new Promise((resolve) => app.close(resolve)));
      web.write(serving(web, `location / { return 204; } location /a { uwsgi_pass unix:${path}; }`), 600);
      await web.start();
      expect(said(await diagnose(web))).toEqual([]);
    });
  },
);
