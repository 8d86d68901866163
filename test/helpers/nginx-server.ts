import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath } from "./docker.ts";
import { endProcess, workFolder } from "./host.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

export interface NginxServer {
  readonly folder: string;
  /** Of `-c`. */
  readonly config: string;
  readonly port: number;
  /** Replaces what stands in `http { … }`; the file is as old as it says. */
  write(http: string, secondsAgo?: number): void;
  /** Starts it, or reads its configuration again and waits for the new workers. */
  start(): Promise<void>;
  reload(): Promise<void>;
  /** The status of one request, once nginx has noted it: it writes its access log, which has to show the user agent, after the answer. */
  get(path: string, host?: string): Promise<number>;
  workers(): string[];
  stop(): Promise<void>;
}

/** Why there is no nginx for tests; undefined: there is. */
export const whyNoNginx = (): string | undefined =>
  onPath("nginx") === undefined && onPath("/usr/sbin/nginx") === undefined
    ? "nginx is not on the PATH (Debian: apt-get install nginx-light)"
    : undefined;

/** A real nginx of our own: its folder, port and logs. Not started yet. */
export async function makeNginx(main = ""): Promise<NginxServer> {
  const folder = workFolder();
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  mkdirSync(join(folder, "tmp"));
  let child: ChildProcess | undefined;
  let asked = 0;
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((one) => `${one}_temp_path ${folder}/tmp/${one};`)
    .join(" ");
  const pid = () => Number(readFileSync(join(folder, "nginx.pid"), "utf8"));
  const workers = () =>
    existsSync(join(folder, "nginx.pid")) && pid() > 0
      ? readFileSync(`/proc/${pid()}/task/${pid()}/children`, "utf8").split(" ").filter(Boolean)
      : [];
  const server: NginxServer = {
    ...{ folder, config, port, workers },
    write: (http, secondsAgo = 0) => {
      writeFileSync(
        config,
        `user root;\ndaemon off;\nmaster_process on;\nworker_processes 1;\npid ${folder}/nginx.pid;\nerror_log ${folder}/error.log info;\n${main}\nevents { worker_connections 64; }\nhttp {\naccess_log ${folder}/access.log combined;\n${temp}\n${http}\n}\n`,
      );
      const when = Date.now() / 1000 - secondsAgo;
      utimesSync(config, when, when);
    },
    start: async () => {
      child = spawn("nginx", ["-c", config], { stdio: "ignore" });
      await until(() => workers().length === 1);
    },
    reload: async () => {
      const before = workers();
      process.kill(pid(), "SIGHUP");
      await until(() => workers().length === 1 && !before.includes(workers()[0] ?? ""));
    },
    get: async (path, host = "127.0.0.1") => {
      asked += 1;
      const agent = `diagbot-test-${asked}-`;
      // A connection that was kept may end with the worker that had it.
      const headers = { host, "user-agent": agent, connection: "close" };
      const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      const logs = () => readdirSync(folder).filter((name) => name.endsWith(".log"));
      await until(() => logs().some((name) => readFileSync(join(folder, name), "utf8").includes(agent)));
      return status;
    },
    stop: async () => {
      if (child !== undefined && child.exitCode === null) {
        child.kill("SIGTERM");
        await until(() => child?.exitCode !== null || child?.signalCode !== null);
        await endProcess(child);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  server.write("", 600);
  return server;
}
