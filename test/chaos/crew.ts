import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

export interface Mate {
  readonly name: string;
  readonly child: ChildProcess;
  frozen: boolean;
}

/** Starts one worker process. Resolves when it takes jobs. */
export async function hire(name: string, env: Record<string, string | undefined>): Promise<Mate> {
  const child = fork(WORKER, [], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ...env, WORKER: name },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => {
      throw new Error(`worker ${name} ended before it was ready`);
    }),
  ]);
  return { name, child, frozen: false };
}

export const isGone = ({ child }: Mate): boolean => child.exitCode !== null || child.signalCode !== null;

/** Ends it as a crash would; a frozen process dies too. */
export async function kill(mate: Mate): Promise<void> {
  if (isGone(mate)) return;
  const gone = once(mate.child, "exit");
  mate.child.kill("SIGKILL");
  await gone;
}

/** Stopped by SIGSTOP, as /proc tells. */
export function isStopped({ child }: Mate): boolean {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) === "T";
  } catch {
    return false;
  }
}
