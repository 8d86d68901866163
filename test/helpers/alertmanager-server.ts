import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

/** Why tests with a real Alertmanager are skipped here; undefined where they run. */
export const whyNoAlertmanager = (): string | undefined => {
  try {
    execFileSync("prometheus-alertmanager", ["--version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "prometheus-alertmanager is not on the PATH (apt-get install prometheus-alertmanager)";
  }
};

export interface AlertmanagerServer {
  readonly url: string;
  readonly port: number;
  /** Has these alerts fire, each by its labels; answers once they are listed. */
  fire(alerts: readonly Record<string, string>[]): Promise<void>;
  /** A request to its API v2; the answer's JSON. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Ends all alerts and silences. */
  clear(): Promise<void>;
  /** Has it read another configuration; whether it took it. */
  reload(text: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** A critical alert holds back warnings of the same job; notifications go to `receiver`. */
const config = (receiver: string): string =>
  JSON.stringify({
    route: { receiver: "hook", group_by: ["alertname"], group_wait: "1s", group_interval: "1s" },
    receivers: [{ name: "hook", webhook_configs: [{ url: receiver }] }],
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: ["job"] },
    ],
  });

/** A real Alertmanager of its own; `receiver`: where its notifications go; without `cluster` (flags) it has none. */
export async function startAlertmanager(
  receiver = "http://127.0.0.1:1/",
  cluster: readonly string[] = ["--cluster.listen-address="],
): Promise<AlertmanagerServer> {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-alertmanager-"));
  const file = join(folder, "alertmanager.yml");
  writeFileSync(file, config(receiver));
  const port = await freePort();
  const child = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...cluster,
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const api: AlertmanagerServer["api"] = async (method, path, body) => {
    const answer = await fetch(`${url}/api/v2/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text.trim() === "" ? null : JSON.parse(text);
  };
  const fired: Record<string, string>[] = [];
  const alerts = async () => ((await api("GET", "alerts")) as { labels: object }[]).length;
  await until(() =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    port,
    api,
    fire: async (all) => {
      await api(
        "POST",
        "alerts",
        all.map((labels) => ({ labels })),
      );
      fired.push(...all);
      await until(async () => (await alerts()) >= all.length);
    },
    clear: async () => {
      const ended = new Date(Date.now() - 1000).toISOString();
      const begun = new Date(Date.now() - 2000).toISOString();
      await api(
        "POST",
        "alerts",
        fired.splice(0).map((labels) => ({ labels, startsAt: begun, endsAt: ended })),
      );
      const all = (await api("GET", "silences")) as { id: string; status: { state: string } }[];
      for (const { id, status } of all) if (status.state !== "expired") await api("DELETE", `silence/${id}`);
      await until(async () => (await alerts()) === 0);
    },
    reload: async (text) => {
      writeFileSync(file, text);
      return (await fetch(`${url}/-/reload`, { method: "POST" })).ok;
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
