import { fileURLToPath } from "node:url";
import { waitFor } from "../../src/lib/wait.ts";
import { type Child, startChild } from "../tryout/child.ts";
import type { TryoutFolder } from "../tryout/folder.ts";
import { until } from "../tryout/until.ts";

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
  /**
   * Gives the program of that name an order and resolves when it says that it has carried it out (see `orders.ts`). One
   * that ends before it could say so is not waited for: its successor is told. Throws when nobody has within 30 s.
   */
  tell(name: string, order: Readonly<Record<string, unknown>>): Promise<void>;
  /** Of the program that runs under that name now; undefined between an exit and the next start. */
  pid(name: string): number | undefined;
  /** Resolves when the new one listens. */
  restart(name: string): Promise<void>;
  /** Ends the program, and keeps it from being started again until `release`. */
  hold(name: string): Promise<void>;
  /** Starts what was held; resolves when it listens. Does nothing to a program that runs. */
  release(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** So that a program that dies at once does not keep the machine busy. */
const RESTART_AFTER_MS = 500;
const LISTENS_WITHIN_MS = 30_000;
const DONE_WITHIN_MS = 30_000;
const GRACE_MS = 2000;

/** How a TypeScript file of ours is run: the same Node, tsx as loader, from wherever. */
export const nodeArgs = (file: URL, ...args: string[]): string[] => [
  "--import",
  import.meta.resolve("tsx"),
  fileURLToPath(file),
  ...args,
];

export function createSupervisor(folder: TryoutFolder): Supervisor {
  const specs = new Map<string, ProgramSpec>();
  const { launch, started, running, replacing, held, stop } = createPlaces(folder);
  let orders = 0;
  return {
    start: async (spec) => {
      specs.set(spec.name, spec);
      await launch(spec);
    },
    tell: async (name, order) => {
      const late = performance.now() + DONE_WITHIN_MS;
      do {
        const child = await started(name);
        orders += 1;
        if (await carriesOut(child, orders, order)) return;
      } while (performance.now() < late);
      throw new Error(`${name} ended again and again before it had done what it was told`);
    },
    pid: (name) => running.get(name)?.pid,
    restart: async (name) => {
      await running.get(name)?.stop(GRACE_MS);
      await started(name);
    },
    hold: async (name) => {
      held.add(name);
      await running.get(name)?.stop(GRACE_MS);
    },
    release: async (name) => {
      const spec = specs.get(name);
      const isDown = held.delete(name) && !running.has(name) && !replacing.has(name);
      if (isDown && spec !== undefined) await launch(spec);
      await started(name);
    },
    stop,
  };
}

/** Who runs under which name, and that whoever ends is followed by a successor. */
function createPlaces(folder: TryoutFolder) {
  const running = new Map<string, Child>();
  const listening = new WeakSet<Child>();
  /** Ended, and about to be started again. */
  const replacing = new Set<string>();
  /** Not to be started again. */
  const held = new Set<string>();
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
    // Everything was stopped while it was being started.
    if (stopping.signal.aborted) return child.stop(GRACE_MS);
    running.set(spec.name, child);
    child.process.once("message", () => listening.add(child));
    gone.push(child.ended.then(() => replace(spec)));
  };
  const replace = async (spec: ProgramSpec): Promise<void> => {
    running.delete(spec.name);
    replacing.add(spec.name);
    await waitFor(RESTART_AFTER_MS, stopping.signal);
    if (!stopping.signal.aborted && !held.has(spec.name)) await launch(spec);
    replacing.delete(spec.name);
  };
  return {
    running,
    replacing,
    held,
    launch,
    /** Up, and listening: what is said to a program that is still loading is lost. */
    started: (name: string): Promise<Child> =>
      until(
        name,
        async () => {
          const child = running.get(name);
          return child !== undefined && listening.has(child) && !child.hasEnded() && child;
        },
        { timeoutMs: LISTENS_WITHIN_MS },
      ),
    stop: async (): Promise<void> => {
      stopping.abort();
      await Promise.all([...running.values()].map((child) => child.stop(GRACE_MS)));
      await Promise.allSettled(gone);
    },
  };
}

/** Gives the order; false when the program ended (or could not be reached any more) before it had said `done`. */
async function carriesOut(
  child: Child,
  number: number,
  order: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const done = new Promise<true>((resolve) => {
    const hear = (message: unknown): void => {
      if (typeof message !== "object" || message === null || !("done" in message)) return;
      if (message.done !== number) return;
      child.process.off("message", hear);
      resolve(true);
    };
    child.process.on("message", hear);
  });
  child.process.send({ order: number, ...order }, () => undefined);
  return Promise.race([done, child.ended.then(() => false as const)]);
}
