import { fileURLToPath } from "node:url";
import { waitFor } from "../../lib/wait.ts";
import { type Child, startChild } from "../house/child.ts";
import type { HouseFolder } from "../house/folder.ts";
import { until } from "../house/until.ts";

/** A program of the sample system that is kept running. */
export interface ProgramSpec {
  readonly name: string;
  /** TypeScript file. */
  readonly file: URL;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Starts programs and starts them again when they exit, as systemd or a container engine would. */
export interface Supervisor {
  start(spec: ProgramSpec): Promise<void>;
  /** Sends a message to the program of that name once it listens (it has said something itself); waits at most 10 s. */
  tell(name: string, message: Readonly<Record<string, unknown>>): Promise<void>;
  /** Of the program that runs under that name now; undefined between an exit and the next start. */
  pid(name: string): number | undefined;
  /** Resolves when the new one has been started. */
  restart(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** So that a program that dies at once does not keep the machine busy. */
const RESTART_AFTER_MS = 500;

/** How a TypeScript file of ours is run: the same Node, tsx as loader, from wherever. */
export const nodeArgs = (file: URL, ...args: string[]): string[] => [
  "--import",
  import.meta.resolve("tsx"),
  fileURLToPath(file),
  ...args,
];

export function createSupervisor(folder: HouseFolder): Supervisor {
  const running = new Map<string, Child>();
  const listening = new WeakSet<Child>();
  const gone: Promise<void>[] = [];
  const stopping = new AbortController();

  const launch = async (spec: ProgramSpec): Promise<void> => {
    const child = await startChild(
      {
        name: spec.name,
        command: process.execPath,
        // The name is for people who look at the process list, and for `processes:` of diagbot.yaml.
        args: nodeArgs(spec.file, `--name=${spec.name}`),
        env: { PATH: process.env.PATH, LANG: "C.UTF-8", ...spec.env },
        log: folder.file(`${spec.name}.log`),
        ipc: true,
      },
      folder.pids,
    );
    running.set(spec.name, child);
    child.process.once("message", () => listening.add(child));
    gone.push(
      child.ended.then(async () => {
        running.delete(spec.name);
        await waitFor(RESTART_AFTER_MS, stopping.signal);
        if (!stopping.signal.aborted) await launch(spec);
      }),
    );
  };

  /** Up, and listening: what is said to a program that is still loading is lost. */
  const started = (name: string): Promise<Child> =>
    until(
      name,
      async () =>
        [...running].find(
          ([known, child]) => known === name && listening.has(child) && !child.hasEnded(),
        )?.[1],
      {
        timeoutMs: 10_000,
      },
    );

  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([...running.values()].map((child) => child.stop(2000)));
    await Promise.allSettled(gone);
  };

  return {
    start: launch,
    tell: async (name, message) => {
      const child = await started(name);
      child.process.send(message);
    },
    pid: (name) => running.get(name)?.pid,
    restart: async (name) => {
      await running.get(name)?.stop(2000);
      await started(name);
    },
    stop,
  };
}
