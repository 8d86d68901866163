import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface Mate {
  readonly name: string;
  readonly child: ChildProcess;
  frozen: boolean;
}

/** Starts one worker process of the bundled program. Resolves when it takes jobs. */
export async function hire(
  program: string,
  name: string,
  env: Record<string, string | undefined>,
): Promise<Mate> {
  const child = fork(program, [], {
    execArgv: ["--enable-source-maps"],
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

/** Asks it to stop, as a deployment does. Resolves when it is gone. */
export async function dismiss(mate: Mate): Promise<void> {
  if (isGone(mate)) return;
  const gone = once(mate.child, "exit");
  mate.child.kill("SIGTERM");
  await gone;
}

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
