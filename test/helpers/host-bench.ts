import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openHost } from "../../src/connectors/host/client.ts";
import { hostConnector } from "../../src/connectors/host/index.ts";
import type { Connector } from "../../src/core/words/connector.ts";
import { onPath } from "./docker.ts";
import { endProcess, whyNoMount, workFolder } from "./host.ts";
import { type Bench, type BenchOptions, openBench } from "./run-runbook.ts";

/** A bench on this machine whose commands run behind these words: `ip netns exec NAME`, `chroot FOLDER`, `setpriv …`. */
export const hostBench = (
  prefix: readonly string[] = [],
  settings: object = {},
  options: Partial<BenchOptions> & { emulated?: Emulated } = {},
): Bench =>
  openBench({
    ...options,
    connections: { machine: { kind: "host", local: true, ...settings }, ...options.connections },
    connectors: [connectorBehind(prefix, options.emulated), ...(options.connectors ?? [])],
  });

/** What an emulated machine answers to a script, for states nobody can bring about here; undefined: this machine answers. */
type Emulated = (script: string) => string | undefined;

const connectorBehind = (prefix: readonly string[], emulated: Emulated = () => undefined): Connector => ({
  ...(hostConnector as Connector),
  open: (connection) => {
    const client = openHost((connection as { settings: Parameters<typeof openHost>[0] }).settings);
    const { machine } = client;
    return {
      ...client,
      machine: {
        ...machine,
        run: async (argv: readonly string[], limits: Parameters<typeof machine.run>[1]) => {
          const stdout = emulated(argv[2] ?? "");
          if (stdout !== undefined) return { code: 0, stdout, stderr: "", cut: false };
          return machine.run([...prefix, ...argv], limits);
        },
      },
    };
  },
});

/** A user that may change nothing and sees only its own. */
export const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;

/** Processes of a test file; each has written something before `run` returns. */
export function processes() {
  const started: ChildProcess[] = [];
  return {
    run: async (argv: readonly string[]): Promise<ChildProcess & { pid: number }> => {
      const [program = "", ...args] = argv;
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
      started.push(child);
      await new Promise<void>((resolve, reject) => {
        child.stdout?.once("data", () => resolve());
        child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
      });
      return child as ChildProcess & { pid: number };
    },
    end: async () => {
      for (const child of started.splice(0)) await endProcess(child);
    },
  };
}

/** Why no machine of busybox alone can be made here; undefined: it can. */
export const whyNoMinimal = (): string | undefined =>
  whyNoMount() ?? (onPath("busybox") === undefined ? "busybox is not on the PATH" : undefined);

/** A root that holds nothing but busybox and /proc: no ss, no systemctl, no GNU tools. Its words for `hostBench`. */
export function minimalMachine(): { root: string; prefix: readonly string[]; stop(): void } {
  const root = workFolder();
  for (const name of ["bin", "dev", "proc", "sys", "tmp", "etc"]) mkdirSync(join(root, name));
  execFileSync("cp", [onPath("busybox") ?? "busybox", join(root, "bin/busybox")]);
  execFileSync("chroot", [root, "/bin/busybox", "--install", "-s", "/bin"]);
  execFileSync("mknod", ["-m", "666", join(root, "dev/null"), "c", "1", "3"]);
  execFileSync("mount", ["-t", "proc", "proc", join(root, "proc")]);
  return {
    root,
    prefix: ["chroot", root],
    stop: () => {
      execFileSync("umount", ["-l", join(root, "proc")]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
