import { type ChildProcess, spawn } from "node:child_process";
import { DiagError } from "../../core/words/errors.ts";
import { Gathered, givenUp, inLimits, type Limits, type Machine, type Ran } from "./machine.ts";

/** Nothing of diagbot's own environment (tokens, database URLs) reaches a command. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/**
 * Puts two watchers into the command's process group and becomes the command. One ends the group when its time is over,
 * although the worker is frozen; the other when standard input closes, which the kernel does whatever ends the worker,
 * kill -9 included. Both end with the group. POSIX sh and sleep are all it needs.
 */
const WATCHED = `exec 3<&0 </dev/null
( sleep "$1"; kill -9 0 ) >/dev/null 2>&1 3<&- &
( read -r _ <&3; kill -9 0 ) >/dev/null 2>&1 &
exec 3<&-; shift; unset PWD OLDPWD; exec "$@"`;

/** This machine. Every command is the leader of a process group of its own: nothing survives its deadline, or the worker. */
export const localMachine = (): Machine => ({
  label: "this machine",
  run: (argv, limits) => inLimits(limits, (signal) => run(argv, limits, signal)),
  close: async () => undefined,
});

function run(argv: readonly string[], limits: Limits, signal: AbortSignal): Promise<Ran> {
  if (signal.aborted) return Promise.reject(givenUp(signal, "this machine"));
  return new Promise((resolve, reject) => {
    // The worker's own deadline comes first: it tells what happened.
    const seconds = String(Math.ceil(limits.timeoutMs / 1000) + 1);
    const child = spawn("sh", ["-c", WATCHED, "diagbot", seconds, ...argv], {
      detached: true,
      env: ENVIRONMENT,
      cwd: "/",
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout = new Gathered(limits.maxBytes);
    const stderr = new Gathered(8_000);
    // What waits in the kernel for a dead disk or server outlives the signal: nobody waits for it here.
    const onAbort = () => {
      killGroup(child);
      reject(givenUp(signal, "this machine"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    // Nothing is written to it; it is there to be closed.
    child.stdin.on("error", () => {});
    child.stdout.on("data", (chunk: Buffer) => {
      if (!stdout.add(chunk)) killGroup(child);
    });
    child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
    child.once("error", (error: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", onAbort);
      const detail = error.code === undefined ? {} : { detail: error.code };
      reject(new DiagError("target_error", `sh: ${error.message}`, { ...detail, cause: error }));
    });
    child.once("close", (code) => {
      signal.removeEventListener("abort", onAbort);
      if (signal.aborted) return reject(givenUp(signal, "this machine"));
      const errno = neverBegan(code, stderr.text());
      if (errno !== undefined)
        return reject(
          new DiagError("target_error", `${argv[0]} cannot be started on this machine`, { detail: errno }),
        );
      return resolve({ code, stdout: stdout.text(), stderr: stderr.text(), cut: stdout.isFull });
    });
  });
}

/** The shell itself says so, under the name it was given: the command was not there, or may not be run. */
const neverBegan = (code: number | null, stderr: string): "ENOENT" | "EACCES" | undefined =>
  !/^diagbot: .*exec: /.test(stderr)
    ? undefined
    : code === 127
      ? "ENOENT"
      : code === 126
        ? "EACCES"
        : undefined;

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
