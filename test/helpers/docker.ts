import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { until } from "./until.ts";

/** Image of a static busybox, made by the helper: nothing is pulled. */
export const IMAGE = "diagbot/busybox:1";

export interface PrivateEngine {
  readonly socket: string;
  readonly api: Docker;
  /** Creates a container of a compose project and starts it unless told otherwise; returns its id. */
  run(options: RunOptions): Promise<string>;
  /** Removes every container of the project. */
  clear(project: string): Promise<void>;
  pid: number;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  readonly project: string;
  readonly command: readonly string[];
  readonly start?: boolean;
  readonly labels?: Record<string, string>;
  readonly host?: Docker.HostConfig;
  readonly more?: Partial<Docker.ContainerCreateOptions>;
}

/** Why no private engine can be started here; undefined: it can. */
export function whyNoDocker(): string | undefined {
  if (process.platform !== "linux") return "not Linux";
  if (process.getuid?.() !== 0) return "dockerd needs root";
  if (onPath("dockerd") === undefined)
    return "dockerd is not on the PATH (Debian: apt-get install docker.io)";
  if (busybox() === undefined) return "no static busybox (Debian: apt-get install busybox-static)";
  return undefined;
}

/** A dockerd of our own: its data, socket and bridge in a temporary folder, gone after `stop()`. */
export async function startDocker(): Promise<PrivateEngine> {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-docker-"));
  writeFileSync(join(folder, "daemon.json"), "{}");
  const socket = join(folder, "docker.sock");
  const args = [
    ...["--config-file", join(folder, "daemon.json"), "--data-root", join(folder, "data")],
    ...[
      "--exec-root",
      join(folder, "exec"),
      "--pidfile",
      join(folder, "dockerd.pid"),
      "-H",
      `unix://${socket}`,
    ],
    // No bridge and no iptables: the machine's network stays as it is; containers use their own loopback or the host's.
    ...["--bridge", "none", "--iptables=false", "--ip-masq=false", "--oom-score-adjust=0"],
  ];
  const daemon = spawn("dockerd", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let log = "";
  for (const stream of [daemon.stdout, daemon.stderr])
    stream.on("data", (chunk) => {
      log = (log + chunk).slice(-8000);
    });
  const api = new Docker({ socketPath: socket });
  try {
    await until(() => {
      if (daemon.exitCode !== null) throw new Error(`dockerd ended: ${log}`);
      return (
        existsSync(socket) &&
        api.ping().then(
          () => true,
          () => false,
        )
      );
    });
    await importBusybox(api, folder);
  } catch (error) {
    await stopDaemon(daemon, folder);
    throw error;
  }
  return {
    socket,
    api,
    pid: daemon.pid ?? 0,
    run: (options) => runContainer(api, options),
    clear: async (project) => {
      const filters = { label: [`com.docker.compose.project=${project}`] };
      const found = await api.listContainers({ all: true, filters });
      await Promise.all(found.map(({ Id }) => api.getContainer(Id).remove({ force: true, v: true })));
    },
    stop: async () => {
      const left = await api.listContainers({ all: true }).catch(() => []);
      await Promise.all(
        left.map(({ Id }) =>
          api
            .getContainer(Id)
            .remove({ force: true, v: true })
            .catch(() => undefined),
        ),
      );
      await stopDaemon(daemon, folder);
    },
  };
}

async function runContainer(api: Docker, options: RunOptions): Promise<string> {
  const container = await api.createContainer({
    name: options.name,
    Image: IMAGE,
    Cmd: [...options.command],
    Labels: {
      "com.docker.compose.project": options.project,
      "com.docker.compose.service": options.name,
      ...options.labels,
    },
    ...options.more,
    HostConfig: { NetworkMode: "none", ...options.host },
  });
  if (options.start !== false) await container.start();
  return container.id;
}

async function importBusybox(api: Docker, folder: string): Promise<void> {
  const root = join(folder, "root");
  mkdirSync(join(root, "bin"), { recursive: true });
  mkdirSync(join(root, "tmp"), { recursive: true });
  execFileSync("cp", [busybox() ?? "busybox", join(root, "bin", "busybox")]);
  for (const name of [
    "sh",
    "sleep",
    "cat",
    "tail",
    "false",
    "true",
    "echo",
    "test",
    "touch",
    "rm",
    "httpd",
    "head",
  ])
    execFileSync("ln", ["-s", "busybox", join(root, "bin", name)]);
  const tar = execFileSync("tar", ["-C", root, "-c", "."], { maxBuffer: 64 * 1024 * 1024 });
  const [repo = "", tag = ""] = IMAGE.split(":");
  const answer = (await api.importImage(Readable.from([tar]), { repo, tag } as never)) as unknown as Readable;
  await new Promise<void>((resolve, reject) => {
    answer
      .on("data", () => undefined)
      .once("end", resolve)
      .once("error", reject);
  });
}

async function stopDaemon(daemon: ChildProcess, folder: string): Promise<void> {
  if (daemon.exitCode === null && daemon.signalCode === null) {
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGCONT");
    daemon.kill("SIGTERM");
    const late = setTimeout(() => daemon.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(late);
  }
  // What is still mounted below the folder (network namespaces, overlays) would be emptied by rm: take it off first.
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse())
    execFileSync("umount", ["-l", mount]);
  rmSync(folder, { recursive: true, force: true });
}

/** A program on the PATH or in the usual places for daemons. */
export function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

const busybox = (): string | undefined => ["/bin/busybox", "/usr/bin/busybox"].find(isStatic);

// A dynamically linked busybox names its loader; a static one has no program interpreter.
function isStatic(path: string): boolean {
  return isExecutable(path) && !readFileSync(path).subarray(0, 4096).includes("/ld-");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
