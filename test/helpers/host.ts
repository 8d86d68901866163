import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { onPath } from "./docker.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

/** A folder of our own, under its real name. */
export const workFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), "diagbot-host-")));

/** Writes a file of so many bytes that was last written so many days ago; returns its path. */
export function oldFile(path: string, bytes: number, days: number): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes, 120));
  const when = Date.now() / 1000 - days * 86_400;
  utimesSync(path, when, when);
  return path;
}

/** Why no tmpfs can be mounted here; undefined: it can. */
export function whyNoMount(): string | undefined {
  if (process.platform !== "linux") return "not Linux";
  return process.getuid?.() === 0 ? undefined : "mounting needs root";
}

/** A small file system of our own: really full when it is full. */
export function smallFileSystem(options: string): {
  path: string;
  remount(options: string): void;
  stop(): void;
} {
  const path = workFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "diagbot-test", path]);
  return {
    path,
    remount: (changed) => execFileSync("mount", ["-o", `remount,${changed}`, path]),
    stop: () => {
      execFileSync("umount", ["-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Why this cannot be made and mounted here; undefined: it can. */
export const whyNoDisk = (make: string): string | undefined =>
  whyNoMount() ?? (onPath(make) === undefined ? `${make} is not on the PATH` : undefined);

/** A disk of our own: an image in a loop device, made by `make` and mounted with `options`. Its folder stays until `stop()`. */
export function smallDisk(
  megabytes: number,
  make: readonly string[],
  options = "loop",
): { path: string; device: string; mount(options: string): void; stop(): void } {
  const folder = workFolder();
  const image = join(folder, "image");
  const path = join(folder, "mnt");
  mkdirSync(path);
  writeFileSync(image, "");
  truncateSync(image, megabytes * 1024 * 1024);
  const [program = "", ...args] = make;
  execFileSync(program, [...args, image], { stdio: "pipe" });
  const mount = (how: string) => execFileSync("mount", ["-o", how, image, path], { stdio: "pipe" });
  mount(options);
  return {
    path,
    device: execFileSync("findmnt", ["-no", "SOURCE", path], { encoding: "utf8" }).trim(),
    mount: (how) => {
      execFileSync("umount", ["-l", path]);
      mount(how);
    },
    stop: () => {
      execFileSync("umount", ["-l", path]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a program of our own node, under a name of its own where `program` is a link to it; resolves at the first word it prints. */
export async function nodeProcess(
  source: string,
  program = process.execPath,
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, ["-e", source], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
  });
  return child as unknown as ChildProcess & { pid: number };
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

export interface SshServer {
  /** `user@127.0.0.1:port`. */
  readonly ssh: string;
  readonly port: number;
  readonly identity: string;
  readonly knownHosts: string;
  readonly folder: string;
  /** Ends every session, as a network that goes away does; the server goes on listening. */
  breakSessions(): void;
  stop(): Promise<void>;
}

/** Why no sshd can be started here; undefined: it can. */
export function whyNoSshd(): string | undefined {
  if (onPath("sshd") === undefined) return "sshd is not on the PATH (Debian: apt-get install openssh-server)";
  return onPath("ssh-keygen") === undefined ? "ssh-keygen is not on the PATH" : undefined;
}

/**
 * A real sshd on a private port with keys of its own; logs in the user that runs the tests, with `home` of `folder` as its home:
 * what that user's own start-up files do, and wait for, is no part of a test.
 */
export async function startSshd(): Promise<SshServer> {
  const folder = workFolder();
  mkdirSync(join(folder, "home"));
  const key = (name: string) => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    return join(folder, name);
  };
  const hostKey = key("host_key");
  const identity = key("id_ed25519");
  writeFileSync(join(folder, "authorized_keys"), readFileSync(`${identity}.pub`), { mode: 0o600 });
  const port = await freePort();
  const known = readFileSync(`${hostKey}.pub`, "utf8").split(" ").slice(0, 2).join(" ");
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${known}\n`);
  // As root sshd wants this folder; it holds nothing.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${hostKey}`,
    `AuthorizedKeysFile ${join(folder, "authorized_keys")}`,
    `PidFile ${join(folder, "sshd.pid")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    `SetEnv HOME=${join(folder, "home")}`,
  ].join("\n");
  writeFileSync(join(folder, "sshd_config"), config);
  const daemon = spawn(onPath("sshd") ?? "sshd", ["-D", "-e", "-f", join(folder, "sshd_config")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  daemon.stderr.on("data", (chunk) => {
    log = (log + chunk).slice(-8000);
  });
  await until(() => {
    if (daemon.exitCode !== null) throw new Error(`sshd ended: ${log}`);
    return log.includes("Server listening");
  });
  return {
    ssh: `${userInfo().username}@127.0.0.1:${port}`,
    port,
    identity,
    knownHosts,
    folder,
    breakSessions: () => killChildren(daemon.pid ?? 0),
    stop: async () => {
      killChildren(daemon.pid ?? 0);
      await endProcess(daemon);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// A session is a child of the server and outlives it.
function killChildren(pid: number): void {
  for (const child of childrenOf(pid)) {
    killChildren(child);
    try {
      process.kill(child, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
