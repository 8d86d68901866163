import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onPath } from "./docker.ts";
import { whyNoMount, whyNoSshd, workFolder } from "./host.ts";
import { freePort } from "./ports.ts";
import { until } from "./until.ts";

/** A real systemd with units of our own, behind a real sshd. */
export interface SystemdMachine {
  /** `root@127.0.0.1:port`. */
  readonly ssh: string;
  /** The same machine as a user that may change nothing and is in no group. */
  readonly sshUser: string;
  readonly port: number;
  readonly identity: string;
  readonly knownHosts: string;
  /** Its root folder as seen from here. */
  readonly root: string;
  /** Runs a line of `sh` inside as root; what it prints, also where it fails. */
  sh(line: string): string;
  /** Writes unit files (`api.service`: text) and has systemd read them. */
  unit(files: Readonly<Record<string, string>>): void;
  /** Stops, forgets and removes units of ours, with their drop-ins. */
  clear(...names: readonly string[]): void;
  stop(): Promise<void>;
}

/** Why no systemd can be started here; undefined: it can. */
export function whyNoSystemd(): string | undefined {
  if (onPath("systemd-nspawn") === undefined)
    return "systemd-nspawn is not on the PATH (Debian: apt-get install systemd-container)";
  if (onPath("nsenter") === undefined) return "nsenter is not on the PATH";
  return whyNoMount() ?? whyNoSshd();
}

const TARGET = `[Unit]
Requires=dbus.socket systemd-journald.socket
After=dbus.socket
AllowIsolate=yes
`;

/** systemd in a container over this machine's own root: nothing of the machine is written to. */
export async function startSystemd(): Promise<SystemdMachine> {
  const folder = workFolder();
  const root = join(folder, "over", "root");
  const port = await freePort();
  mount(folder, root);
  const { identity, knownHosts } = prepare(folder, root, port);
  const nspawn = spawn(
    "systemd-nspawn",
    [
      "-q",
      "-D",
      root,
      "--boot",
      `--machine=lab${port}`,
      "--register=no",
      "--keep-unit",
      "--",
      "--unit=lab.target",
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
  const ended = new Promise<void>((resolve) => nspawn.once("exit", () => resolve()));
  const stop = async () => {
    nspawn.kill("SIGTERM");
    await Promise.race([ended, until(() => nspawn.exitCode !== null || nspawn.signalCode !== null)]);
    execFileSync("umount", ["-l", root]);
    execFileSync("umount", ["-l", join(folder, "over")]);
    rmSync(folder, { recursive: true, force: true });
  };
  const sh = (line: string): string => inside(childOf(nspawn.pid ?? 0), line);
  try {
    await until(() => {
      if (nspawn.exitCode !== null) throw new Error(`systemd-nspawn ended with ${nspawn.exitCode}`);
      return (
        childOf(nspawn.pid ?? 0) !== undefined && /running|degraded/.test(sh("systemctl is-system-running"))
      );
    });
    await until(
      () => sh("systemctl is-active lab-sshd").includes("active") && sh(`ss -Hltn sport = :${port}`) !== "",
    );
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    ssh: `root@127.0.0.1:${port}`,
    sshUser: `visitor@127.0.0.1:${port}`,
    ...{ port, identity, knownHosts, root, sh, stop },
    unit: (files) => {
      for (const [name, text] of Object.entries(files))
        writeFileSync(join(root, "etc/systemd/system", name), text);
      sh("systemctl daemon-reload");
    },
    clear: (...names) => {
      for (const name of names) {
        sh(`systemctl stop ${name}; systemctl kill -s KILL ${name}; systemctl reset-failed ${name}`);
        for (const left of [name, `${name}.d`])
          rmSync(join(root, "etc/systemd/system", left), { recursive: true, force: true });
      }
      sh("systemctl daemon-reload");
    },
  };
}

function mount(folder: string, root: string): void {
  const over = join(folder, "over");
  mkdirSync(over);
  execFileSync("mount", ["-t", "tmpfs", "diagbot-systemd", over]);
  for (const name of ["upper", "work", "root"]) mkdirSync(join(over, name));
  const options = `lowerdir=/,upperdir=${join(over, "upper")},workdir=${join(over, "work")}`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", options, root]);
}

/** Keys, an sshd as a unit, and a user without rights. */
function prepare(folder: string, root: string, port: number): { identity: string; knownHosts: string } {
  const lab = join(root, "lab");
  mkdirSync(join(lab, "home"), { recursive: true });
  const identity = join(folder, "id_ed25519");
  for (const file of [identity, join(lab, "host_key")])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  writeFileSync(join(lab, "authorized_keys"), readFileSync(`${identity}.pub`));
  const known = readFileSync(join(lab, "host_key.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  const knownHosts = join(folder, "known_hosts");
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${known}\n`);
  appendFileSync(join(root, "etc/passwd"), "visitor:x:61999:61999::/tmp:/bin/sh\n");
  appendFileSync(join(root, "etc/shadow"), "visitor:*:19000:0:99999:7:::\n");
  appendFileSync(join(root, "etc/group"), "visitor:x:61999:\n");
  const config = [
    ...[`Port ${port}`, "ListenAddress 127.0.0.1", "HostKey /lab/host_key"],
    ...[
      "AuthorizedKeysFile /lab/authorized_keys",
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      // bash reads ~/.bashrc for every command of a session. That of whoever runs the tests is none of this machine's: where it
      // waits for a lock file that a session outside has just held, the overlay goes on showing the file after it is gone.
      "SetEnv HOME=/lab/home",
    ],
  ];
  writeFileSync(join(lab, "sshd_config"), `${config.join("\n")}\n`);
  const units = join(root, "etc/systemd/system");
  writeFileSync(join(units, "lab.target"), `${TARGET}Wants=lab-sshd.service\n`);
  writeFileSync(
    join(units, "lab-sshd.service"),
    "[Service]\nRuntimeDirectory=sshd\nExecStart=/usr/sbin/sshd -D -e -f /lab/sshd_config\nKillMode=process\n",
  );
  return { identity, knownHosts };
}

/** The first process inside. */
function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    return first === undefined ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

function inside(pid: number | undefined, line: string): string {
  try {
    return execFileSync("nsenter", ["-t", String(pid), "-m", "-p", "-u", "-i", "sh", "-c", line], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (thrown) {
    return (thrown as { stdout?: string }).stdout ?? "";
  }
}
