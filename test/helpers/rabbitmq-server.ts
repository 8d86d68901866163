import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath } from "./docker.ts";
import { serviceFolder } from "./folder.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

// The wrapper on the PATH changes the user; the program itself runs as whoever starts it.
const SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL = "/usr/lib/rabbitmq/bin/rabbitmqctl";
const AUTH = `Basic ${Buffer.from("diagbot:quite-secret-77").toString("base64")}`;

export interface RabbitServer {
  /** Of the management API, with user and password. */
  readonly url: string;
  readonly port: number;
  readonly amqpPort: number;
  readonly password: string;
  /** One request to the management API, as its clients do. */
  api(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Puts so many messages into a queue of that virtual host; left out: `/`. */
  publish(queue: string, messages: number, vhost?: string): Promise<void>;
  /** `rabbitmqctl set_vm_memory_high_watermark`. */
  limitMemory(fraction: number): void;
  stop(): Promise<void>;
}

/** Why there is no RabbitMQ for tests; undefined: there is. */
export function whyNoRabbit(): string | undefined {
  if (!existsSync(SERVER)) return "no rabbitmq-server (Debian: apt-get install rabbitmq-server)";
  return onPath("epmd") === undefined
    ? "no epmd on the PATH (Debian: apt-get install erlang-base)"
    : undefined;
}

/** A private RabbitMQ with the management API, and an epmd of its own, so that nothing is left running. */
export async function startRabbit(): Promise<RabbitServer> {
  const folder = serviceFolder();
  const [amqp, http, dist, epmdPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  writeFileSync(join(folder, "enabled_plugins"), "[rabbitmq_management].\n");
  writeFileSync(
    join(folder, "rabbitmq.conf"),
    [
      `listeners.tcp.1 = 127.0.0.1:${amqp}`,
      "management.tcp.ip = 127.0.0.1",
      `management.tcp.port = ${http}`,
      "collect_statistics_interval = 1000",
      "default_user = diagbot",
      "default_pass = quite-secret-77",
      "disk_free_limit.absolute = 1MB",
      "",
    ].join("\n"),
  );
  const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], { stdio: "ignore" });
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `diagbot${amqp}@localhost`,
    RABBITMQ_NODE_PORT: String(amqp),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
  };
  const child = spawn(SERVER, [], { stdio: "ignore", env });
  const api: RabbitServer["api"] = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${http}/api${path}`, {
      method,
      headers: { authorization: AUTH, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  await until(() =>
    api("GET", "/overview").then(
      () => true,
      () => false,
    ),
  );
  return {
    url: `http://diagbot:quite-secret-77@127.0.0.1:${http}`,
    port: http,
    amqpPort: amqp,
    password: "quite-secret-77",
    api,
    publish: async (queue, messages, vhost = "/") => {
      for (let sent = 0; sent < messages; sent += 1)
        await api("POST", `/exchanges/${encodeURIComponent(vhost)}/amq.default/publish`, {
          properties: {},
          routing_key: queue,
          payload: "x",
          payload_encoding: "string",
        });
    },
    limitMemory: (fraction) => {
      execFileSync(CONTROL, ["set_vm_memory_high_watermark", String(fraction)], { env, stdio: "pipe" });
    },
    stop: async () => {
      await ended(child);
      await ended(epmd);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}
