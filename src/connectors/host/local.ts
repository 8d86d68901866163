import { type ChildProcess, spawn } from "node:child_process";
import { DiagError } from "../../core/errors.ts";
import { deadlineOf, Gathered, givenUp, type Limits, type Machine, type Ran } from "./machine.ts";

/** Nothing of diagbot's own environment (tokens, database URLs) reaches a command. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/** This machine. Every command is the leader of a process group of its own, so that nothing survives its deadline. */
export const localMachine = (): Machine => ({
  label: "this machine",
  run: (argv, limits) => run(argv, limits),
  close: async () => undefined,
});

function run(argv: readonly string[], limits: Limits): Promise<Ran> {
  const signal = deadlineOf(limits);
  if (signal.aborted) return Promise.reject(givenUp(signal, "this machine"));
  return new Promise((resolve, reject) => {
    const [command = "", ...args] = argv;
    const child = spawn(command, args, {
      detached: true,
      env: ENVIRONMENT,
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stdout = new Gathered(limits.maxBytes);
    const stderr = new Gathered(8_000);
    const onAbort = () => killGroup(child);
    signal.addEventListener("abort", onAbort, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      if (!stdout.add(chunk)) killGroup(child);
    });
    child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
    child.once("error", (error: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", onAbort);
      const detail = error.code === undefined ? {} : { detail: error.code };
      reject(new DiagError("target_error", `${command}: ${error.message}`, { ...detail, cause: error }));
    });
    child.once("close", (code) => {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) return reject(givenUp(signal, "this machine"));
      return resolve({ code, stdout: stdout.text(), stderr: stderr.text(), cut: stdout.isFull });
    });
  });
}

function killGroup(child: ChildProcess): void {
  // The pipes go too: a descendant that left the group must not hold the answer back.
  child.stdout?.destroy();
  child.stderr?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
