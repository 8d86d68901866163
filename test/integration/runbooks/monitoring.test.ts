import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { monitoring } from "../../../runbooks/prometheus/monitoring.ts";
import { prometheusConnector } from "../../../src/connectors/prometheus/index.ts";
import { freePort } from "../../helpers/ports.ts";
import { whyNoPrometheus } from "../../helpers/prometheus-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";
import { until } from "../../helpers/until.ts";
import { type TestServer, webServer } from "../../helpers/web-server.ts";

const RULES = {
  whole: [{ alert: "Fires", expr: "vector(1)" }],
  broken: [
    { record: "up:twice", expr: "up * on() group_left() up" },
    { alert: "NeverFires", expr: "up * on() up > 0" },
    { alert: "Fires", expr: "vector(1)" },
  ],
};

/** A Prometheus that scrapes itself and these jobs each second, and tells this Alertmanager and this remote of it. */
async function start(given: {
  readonly jobs?: readonly object[];
  readonly rules: readonly object[];
  readonly alertmanager?: string;
  readonly remote?: string;
}) {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-monitoring-"));
  const port = await freePort();
  const file = join(folder, "prometheus.yml");
  const itself = { job_name: "itself", static_configs: [{ targets: [`127.0.0.1:${port}`] }] };
  const told =
    given.alertmanager === undefined ? [] : [{ static_configs: [{ targets: [given.alertmanager] }] }];
  writeFileSync(
    join(folder, "rules.yml"),
    JSON.stringify({ groups: [{ name: "shop", rules: given.rules }] }),
  );
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
    ...(told.length === 0 ? {} : { alerting: { alertmanagers: told } }),
    ...(given.remote === undefined ? {} : { remote_write: [{ url: `http://${given.remote}/write` }] }),
    scrape_configs: [itself, ...(given.jobs ?? [])],
  };
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`, "--web.enable-lifecycle"],
      ...[`--web.listen-address=127.0.0.1:${port}`, "--rules.alert.resend-delay=1s"],
      // What a remote does not take is not waited for at the end.
      ...["--storage.remote.flush-deadline=1s"],
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const ask = (path: string, init?: RequestInit) => fetch(`${url}${path}`, init).catch(() => undefined);
  await until(async () => (await ask("/-/ready"))?.ok === true);
  return {
    url,
    /** Whether it took it. */
    reload: async (text: string) => {
      writeFileSync(file, text);
      return (await ask("/-/reload", { method: "POST" }))?.ok === true;
    },
    stop: async () => {
      await new Promise<void>((resolve) => {
        child.once("close", () => resolve());
        child.kill("SIGTERM");
      });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const open = (url: string): Bench =>
  openBench({ connections: { metrics: { kind: "prometheus", url } }, connectors: [prometheusConnector] });

/** Over a minute, as often as it takes until these are found. */
const foundIn = (bench: Bench, ...ids: string[]) =>
  until(async () => {
    const diagnosis = await bench.diagnose(monitoring, { windowMinutes: 1 });
    const found = diagnosis.findings.map(({ id }) => id);
    return ids.every((id) => found.includes(id)) ? diagnosis : undefined;
  });

describe.skipIf(whyNoPrometheus() !== undefined)("a real Prometheus looked at itself", () => {
  const servers: TestServer[] = [];
  const cleanups: (() => Promise<unknown>)[] = [];
  const serve = async (text: () => string, status = 200): Promise<string> => {
    const server = await webServer((request, answer) => {
      request.resume();
      request.on("end", () => answer.writeHead(status, { "content-type": "text/plain" }).end(text()));
    });
    servers.push(server);
    return `127.0.0.1:${server.port}`;
  };
  const started = async (given: Parameters<typeof start>[0]) => {
    const prometheus = await start(given);
    const bench = open(prometheus.url);
    cleanups.push(bench.close, prometheus.stop);
    return { prometheus, bench };
  };
  const openAt = (url: string): Bench => {
    const bench = open(url);
    cleanups.push(bench.close);
    return bench;
  };
  let page = "";
  let taken = "";
  beforeAll(async () => {
    page = await serve(() => `orders_total ${Math.floor(Date.now() / 100)}\n`);
    taken = await serve(() => "{}");
  });
  afterAll(async () => {
    for (const clean of cleanups.reverse()) await clean();
    for (const server of servers) await server.close();
  });

  test("all is well: nothing is said, the first moments of its life least of all", async () => {
    const jobs = [{ job_name: "shop", static_configs: [{ targets: [page] }] }];
    const { bench } = await started({ jobs, rules: RULES.whole, alertmanager: taken, remote: taken });
    const looked = await until(async () => {
      const { seen, findings } = await bench.diagnose(monitoring, { windowMinutes: 1 });
      const { state } = seen;
      const sees = state?.ok === true && JSON.stringify(state.value).includes('"counts":[');
      return sees ? findings : undefined;
    });
    expect(looked.map(({ id }) => id)).toEqual([]);
  });

  test("rules that fail, a configuration that was refused, lost samples and alerts, a remote that is away", async () => {
    const back = await serve(() => `a 1 ${Date.now() - 100_000}\na 2 ${Date.now() - 200_000}\n`);
    const large = await serve(() => Array.from({ length: 20 }, (_, at) => `m{at="${at}"} 1\n`).join(""));
    const { prometheus, bench } = await started({
      jobs: [
        { job_name: "back", static_configs: [{ targets: [back] }] },
        { job_name: "large", sample_limit: 10, static_configs: [{ targets: [large] }] },
      ],
      ...{ rules: RULES.broken, alertmanager: "127.0.0.1:1", remote: "127.0.0.1:1" },
    });
    expect(await prometheus.reload("global: { scrape_interval: often }")).toBe(false);
    const all = await foundIn(
      bench,
      ...["alerts-lost", "config-refused", "remote-behind", "rules-failing", "samples-lost", "targets-down"],
    );
    expect(all.finding("rules-failing")).toMatchObject({
      ...{
        severity: "critical",
        title: expect.stringMatching(/^2 of 3 rules cannot be evaluated: NeverFires/),
      },
      because: expect.stringContaining("silence is no good news"),
    });
    expect(all.advice("mendRules")).toContain("take the second source away");
    expect(all.finding("remote-behind").title).toBe("Remote write to 127.0.0.1:1 has sent nothing yet");
    expect(all.finding("alerts-lost")).toMatchObject({ severity: "critical" });
    expect(all.finding("targets-down")).toMatchObject({
      severity: "warning",
      title: expect.stringContaining("refused by Prometheus' own limits"),
    });
    expect(all.advice("repairTargets")).toContain("sample_limit");
  });

  test("nobody to tell, and a remote that refuses for good", async () => {
    const refusing = await serve(() => "out of order sample", 400);
    const { bench } = await started({ rules: RULES.whole, remote: refusing });
    const found = await foundIn(bench, "no-alertmanager", "remote-refused");
    expect(found.finding("no-alertmanager").because).toContain("its configuration names none");
    expect(found.finding("remote-refused").because).toContain("missing there for ever");
  });

  test("what speaks the query API only is said not to be Prometheus itself; one that is away cannot be asked", async () => {
    const store = await webServer((request, answer) => {
      const isQuery = request.url?.includes("/query") === true;
      const data = { resultType: request.url?.includes("query_range") ? "matrix" : "vector", result: [] };
      answer
        .writeHead(isQuery ? 200 : 404, { "content-type": "application/json" })
        .end(JSON.stringify(isQuery ? { status: "success", data } : { status: "error", error: "404" }));
    });
    servers.push(store);
    const whole = await openAt(`http://127.0.0.1:${store.port}`).diagnose(monitoring);
    expect(whole.findings.map(({ id }) => id)).toEqual(["no-targets", "could-not-look"]);
    const away = await openAt(`http://127.0.0.1:${await freePort()}`).diagnose(monitoring);
    expect(away.findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual(["critical prometheus"]);
  });
});
