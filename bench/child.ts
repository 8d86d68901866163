import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/helpers/ports.ts";

/** A baseline in a process of its own, as diagbot is. */
export interface Baseline {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly readyMs: number;
  /** Sends it a message and waits for its answer. */
  ask(message: number): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a program of `baselines/`. Rejects where it ends before it is ready. */
export async function startBaseline(
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<Baseline> {
  const port = await freePort();
  const begun = performance.now();
  const child = fork(fileURLToPath(new URL(`baselines/${program}`, import.meta.url)), {
    env: { PATH: process.env.PATH ?? "", ...env, PORT: String(port) },
    execArgv: [],
  });
  await answerOf(child);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    readyMs: performance.now() - begun,
    ask: (message) => {
      const answer = answerOf(child);
      child.send(message);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const answerOf = (child: ChildProcess): Promise<unknown> =>
  Promise.race([
    once(child, "message").then(([message]: unknown[]) => message),
    once(child, "exit").then(([code]) => {
      throw new Error(`${child.spawnargs.join(" ")} ended with ${String(code)}`);
    }),
  ]);
