import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../helpers/ports.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";
import type { Alerting, LabAlert } from "./alerting.ts";
import type { Relay } from "./relay.ts";

/** The series the rules watch: 1 while the situation of that number is there. */
const SERIES = "lab_situation";

/**
 * A real Prometheus that scrapes the lab, with one rule for each alert, and a real Alertmanager that notifies the relay. The
 * figure behind the rules is the lab's own: whether it has brought a situation about.
 */
export async function startPair(
  programs: { readonly prometheus: string; readonly alertmanager: string },
  alerts: readonly LabAlert[],
  relay: Relay,
): Promise<Alerting> {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-lab-alerting-"));
  const at = (name: string) => join(folder, name);
  const raised = new Set<number>();
  const exporter = await listening(
    createServer((_request, response) =>
      response
        .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
        .end(alerts.map((_alert, n) => `${SERIES}{n="${n}"} ${raised.has(n) ? 1 : 0}\n`).join("")),
    ),
  );
  const port = await freePort();
  writeFileSync(at("alertmanager.yml"), JSON.stringify(managerConfig(relay.url)));
  writeFileSync(at("rules.yml"), JSON.stringify(rulesOf(alerts)));
  writeFileSync(at("prometheus.yml"), JSON.stringify(prometheusConfig(exporter.port, port)));
  const children: ChildProcess[] = [];
  const start = async (command: string, args: readonly string[], url: string): Promise<void> => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], cwd: folder });
    children.push(child);
    let log = "";
    child.stderr.on("data", (chunk) => {
      log = (log + chunk).slice(-4000);
    });
    await until(() => {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}:\n${log}`);
      return fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
    await exporter.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const numberOf = (alert: LabAlert): number => alerts.indexOf(alert);
  try {
    await start(
      programs.alertmanager,
      [
        `--config.file=${at("alertmanager.yml")}`,
        `--storage.path=${at("manager")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      `http://127.0.0.1:${port}`,
    );
    const own = await freePort();
    await start(
      programs.prometheus,
      [
        `--config.file=${at("prometheus.yml")}`,
        `--storage.tsdb.path=${at("data")}`,
        `--web.listen-address=127.0.0.1:${own}`,
      ],
      `http://127.0.0.1:${own}`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    says: "alerts are raised by a real Prometheus and sent by a real Alertmanager",
    raise: async (alert) => void raised.add(numberOf(alert)),
    end: async (alert) => void raised.delete(numberOf(alert)),
    stop,
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Each situation is a group of its own, told at once. */
const managerConfig = (url: string): object => ({
  route: {
    receiver: "diagbot",
    group_by: ["..."],
    group_wait: "0s",
    group_interval: "1s",
    repeat_interval: "4h",
  },
  receivers: [{ name: "diagbot", webhook_configs: [{ url, send_resolved: true }] }],
});

const prometheusConfig = (exporter: number, manager: number): object => ({
  global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
  rule_files: ["rules.yml"],
  alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${manager}`] }] }] },
  scrape_configs: [{ job_name: "lab", static_configs: [{ targets: [`127.0.0.1:${exporter}`] }] }],
});

/** What a label or annotation says must not be taken for a template of Prometheus. */
const literal = (text: string): string => `{{ ${JSON.stringify(text)} }}`;

const rulesOf = (alerts: readonly LabAlert[]): object => ({
  groups: [
    {
      name: "lab",
      rules: alerts.map(({ name, labels, summary }, n) => ({
        alert: name,
        // Without the labels of the scrape: an alert of a database does not carry the address of the lab.
        expr: `max by () (${SERIES}{n="${n}"}) > 0`,
        labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, literal(value)])),
        annotations: { summary: literal(summary) },
      })),
    },
  ],
});
