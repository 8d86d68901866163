// A real HAProxy that checks real members, and its own log.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { balancerChecks } from "../../../runbooks/logs/balancer-checks.ts";
import { hostConnector } from "../../../src/connectors/host/index.ts";
import { onPath } from "../../helpers/docker.ts";
import { endProcess, workFolder } from "../../helpers/host.ts";
import { freePort } from "../../helpers/ports.ts";
import { openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";

const skip = onPath("haproxy") === undefined ? "haproxy is not on the PATH" : undefined;

describe.skipIf(skip !== undefined)(`a balancer's log (skipped: ${skip ?? "no"})`, () => {
  const folder = workFolder();
  const path = join(folder, "haproxy.log");
  const servers: Server[] = [];
  let balancer: ChildProcess;
  let status = 200;
  const member = (answer: Parameters<typeof createServer>[1]) =>
    new Promise<number>((resolve) => {
      const server = createServer({}, answer).listen(0, "127.0.0.1", () => {
        const at = server.address();
        resolve(typeof at === "object" && at !== null ? at.port : 0);
      });
      servers.push(server);
    });
  const log = () => readFileSync(path, "utf8");
  beforeAll(async () => {
    const changing = await member((_request, response) => response.writeHead(status).end());
    const silent = await member(() => {});
    const fine = await member((_request, response) => response.end("ok"));
    const server = (name: string, port: number) => `  server ${name} 127.0.0.1:${port} check`;
    writeFileSync(
      join(folder, "haproxy.cfg"),
      [
        `global\n  log stdout format rfc3164 local0\n  stats socket ${join(folder, "socket")}`,
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 5s\n  timeout server 5s\n  timeout check 300ms\n  log global\n  option log-health-checks",
        "backend app\n  option httpchk GET /health\n  default-server inter 200ms fall 2 rise 2",
        ...[
          server("web1", changing),
          server("web2", fine),
          server("web3", silent),
          server("web4", await freePort()),
        ],
        "backend mail\n  default-server inter 200ms fall 2 rise 2",
        `${server("relay", await freePort())}`,
        "",
      ].join("\n"),
    );
    const out = openSync(path, "w");
    balancer = spawn("haproxy", ["-f", join(folder, "haproxy.cfg"), "-db"], {
      stdio: ["ignore", out, "ignore"],
    });
    closeSync(out);
    await until(() =>
      ["web1 succ", "web2 succ", "web3 failed", "web4 failed", "relay failed"].every((one) =>
        log().includes(one),
      ),
    );
  });
  afterAll(async () => {
    if (balancer !== undefined) await endProcess(balancer);
    for (const one of servers) {
      one.closeAllConnections();
      one.close();
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const diagnose = async (at = path) => {
    const bench = openBench({
      connections: { machine: { kind: "host", local: true, logs: [{ name: "balancer", path: at }] } },
      connectors: [hostConnector],
    });
    return bench.diagnose(balancerChecks).finally(() => bench.close());
  };

  it("says of each member that is down why, in the balancer's own words; members that are up are not spoken of", async () => {
    const { finding, findings } = await diagnose();
    expect(findings.map(({ id }) => id).toSorted()).toEqual(
      ["app/web3", "app/web4", "mail/relay"].map((one) => `target-down:${one}`),
    );
    expect(finding("target-down:app/web4")).toMatchObject({ severity: "warning", remedies: ["listen"] });
    expect(finding("target-down:app/web4").because).toContain("listens on 127.0.0.1 only");
    expect(finding("target-down:app/web3").because).toMatch(/did not answer the check in time after \d+ ms/);
    // Its only one: clients get an error.
    expect(finding("target-down:mail/relay")).toMatchObject({ severity: "critical" });
  });

  it("one that changes to 503 is down by its own word, then comes back, and one that goes on so comes and goes", async () => {
    status = 503;
    await until(() => /web1 failed.*503.*DOWN/.test(log()));
    const sick = await diagnose();
    expect(sick.finding("target-down:app/web1").title).toContain("Layer7 wrong status (503)");
    expect(sick.finding("target-down:app/web1").because).toContain("by its own word it is not ready");
    for (const next of [200, 503, 200]) {
      status = next;
      const seen = log().length;
      await until(() => new RegExp(next === 200 ? "web1 is UP" : "web1 is DOWN").test(log().slice(seen)));
    }
    const back = await diagnose();
    expect(back.finding("target-flaps:app/web1").title).toMatch(/comes and goes: \d+ changes/);
  });

  it("a log without such lines is no proof that all is well", async () => {
    writeFileSync(join(folder, "other.log"), "");
    const { finding } = await diagnose(join(folder, "other.log"));
    expect(finding("no-health-lines").because).toContain(
      "either nothing has changed, or its log is none of these",
    );
  });
});
