import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { nginxUpstreams } from "../../../runbooks/nginx/nginx-upstreams.ts";
import { nginx } from "../../../src/sdk/index.ts";
import { makeNginx, type NginxServer } from "../../helpers/nginx-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";

/** What tests of nginx-upstreams share: services behind it, a real nginx, and the runbook against it. `end` takes all of it down. */
export function nginxBench() {
  const endings: (() => unknown)[] = [];
  const make = async (main = "") => {
    const web = await makeNginx(main);
    endings.push(() => web.stop());
    return web;
  };
  const open = (web: NginxServer, more: object = {}) => {
    const bench = openBench({
      connections: { web: { kind: "nginx", local: true, config: web.config, ...more } },
      connectors: [nginx.kind.connector].flatMap((one) => (one === undefined ? [] : [one])),
    });
    endings.push(() => bench.close());
    return bench;
  };
  return {
    make,
    open,
    after: (ending: () => unknown) => endings.push(ending),
    end: async () => {
      for (const end of endings.splice(0).reverse()) await end();
    },
    /** A service that answers so; its address. */
    service: async (answer: RequestListener) => {
      const server = await listening(createServer(answer));
      endings.push(() => server.close());
      return `127.0.0.1:${server.port}`;
    },
    /** A running nginx with empty logs. */
    started: async (http: (web: NginxServer) => string, main = "") => {
      const web = await make(main);
      web.write(http(web), 600);
      await web.start();
      await until(() =>
        web.get("/").then(
          () => true,
          () => false,
        ),
      );
      writeFileSync(join(web.folder, "error.log"), "");
      writeFileSync(join(web.folder, "access.log"), "");
      return web;
    },
    diagnose: (web: NginxServer, more: object = {}) => open(web, more).diagnose(nginxUpstreams, {}),
  };
}

type Run = Awaited<ReturnType<ReturnType<typeof nginxBench>["diagnose"]>>;
export const said = (run: Run): string[] => run.findings.map(({ id, severity }) => `${severity} ${id}`);

export const serving = ({ port }: NginxServer, inner: string, before = ""): string =>
  `${before}\nserver { listen 127.0.0.1:${port}; server_name shop.lab; proxy_read_timeout 1s; proxy_connect_timeout 1s;\n${inner}\n}`;
export const passing = (web: NginxServer, address: string): string =>
  serving(web, "location / { proxy_pass http://api; }", `upstream api { server ${address}; }`);
