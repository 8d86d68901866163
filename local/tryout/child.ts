import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { endProcess, type PidFiles } from "./processes.ts";

/** What a child is started with; its output goes to the end of `log`. */
export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly log: string;
  /** Run as this user and group; only root can. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
  /** Open a message channel: the child can be told things and notices when we are gone. */
  readonly ipc?: boolean;
  readonly stopSignal?: NodeJS.Signals;
}

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  hasEnded(): boolean;
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a program in a process group of its own (a Ctrl-C in the terminal must reach only us: we stop the children in
 * order) and writes its pid down. Throws when it cannot be started at all.
 */
export async function startChild(spec: ChildSpec, pids: PidFiles): Promise<Child> {
  const log = openSync(spec.log, "a");
  const started = spawn(spec.command, [...spec.args], {
    detached: true,
    env: spec.env,
    cwd: spec.cwd,
    stdio: spec.ipc === true ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
    ...(spec.as === undefined ? {} : spec.as),
  });
  const ended = new Promise<string>((resolve) => {
    started.once("error", (error) => resolve(`could not start: ${error.message}`));
    started.once("exit", (code, signal) =>
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
    );
  });
  closeSync(log);
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const { pid } = started;
  if (pid === undefined) throw new Error(`${spec.name} ${await ended}`);
  await pids.note(spec.name, pid);
  return {
    process: started,
    pid,
    ended,
    hasEnded: () => over,
    stop: async (graceMs = 5000) => {
      await endProcess(pid, {
        graceMs,
        ...(spec.stopSignal === undefined ? {} : { signal: spec.stopSignal }),
      });
      // The system has taken it away; that we hear of it may take a moment longer.
      await ended;
      await pids.forget(spec.name);
    },
  };
}

/** The last lines of a log, for an error a person has to understand. */
export function lastLines(log: string, count = 8): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
