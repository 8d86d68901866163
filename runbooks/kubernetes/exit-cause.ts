import { clip } from "../../src/sdk/index.ts";
import { nearest } from "../last-lines/nearest.ts";
import type { Container, Log } from "./case.ts";

export interface ExitCause {
  readonly short: string;
  readonly because: string;
  readonly advice: string;
  readonly waitsForAnother: boolean;
  /** The template is to blame as far as one can see: another revision may do better. */
  readonly isOwn: boolean;
}

const READ_LINES = 30;

/** Exit codes that say more than that the program reported an error (128 + n: ended by signal n). */
const CODES: Readonly<Record<number, readonly [short: string, because: string, advice: string]>> = {
  126: [
    "its program may not be executed",
    "Exit code 126: a shell found the program and could not execute it.",
    "Check the x bit and the platform of the file in the image, and whether a mount is noexec.",
  ],
  127: [
    "its program was not found",
    "Exit code 127: either the program is not in the image or not on PATH, or a mount hides it, or a script has Windows line ends.",
    "Compare `command:` and `args:` with the image, and `mountPath:` with where the program lies.",
  ],
  128: [
    "its program could not be started",
    "Exit code 128: the runtime could not start it.",
    "Compare `command:` with the image.",
  ],
  132: [
    "an instruction its CPU does not know (SIGILL)",
    "Signal 4: the image was built for a newer CPU than its node has.",
    "Choose nodes by CPU (`nodeSelector`), or an image for older ones.",
  ],
  134: [
    "it aborted itself (SIGABRT)",
    "Signal 6: its own fatal check or its allocator ended it; the lines before say which.",
    "Read the lines before the end: an assertion, or a heap that ran full.",
  ],
  135: [
    "memory behind a file was not there (SIGBUS)",
    "Signal 7: /dev/shm (64 MiB unless an emptyDir of medium Memory is mounted there) or a mapped file's disk is full.",
    "Mount an emptyDir with `medium: Memory` at /dev/shm.",
  ],
  137: [
    "it was killed (SIGKILL)",
    "Exit code 137 without the word OOMKilled: either the kubelet ended it after its grace (probe, deletion), or the node itself ran out of memory and the kernel chose it, or somebody sent it; to tell them apart: `kubectl describe pod` (Killing), the node's MemoryPressure and its kernel log.",
    "Look at the node's memory at that time, and whether it ends within its terminationGracePeriodSeconds after SIGTERM.",
  ],
  139: [
    "it used memory that was not its own (SIGSEGV)",
    "Signal 11: an error of the program or of a native library, or an image of another libc.",
    "Compare with the revision before; look for a changed native library or base image.",
  ],
  143: [
    "it was told to end (SIGTERM)",
    "Signal 15: either the kubelet told it to (probe, deletion, drain), or something within the container did.",
    "Look for Killing among its events (kept for an hour).",
  ],
  255: [
    "",
    "Exit code 255: either the program chose it (-1), or the runtime lost it (a node that restarted).",
    "Read its log; look at the node's uptime.",
  ],
};

/** Why a run ended: a line that tells it, the code, or that it reported an error of its own. Pure. */
export function exitCause(one: Container, log: Log | undefined): ExitCause {
  const end = one.ended ?? one.last;
  const code = end?.exitCode ?? null;
  const told = end?.message ? ` It left the message: ${clip(end.message, 200)}` : "";
  const line = lineCause(log, code);
  if (line !== undefined) return { ...line, because: `${codeWords(code)} ${line.because}${told}` };
  const known = code === null ? undefined : CODES[code];
  const last = errorIn(log) ?? log?.lines.at(-1);
  const wrote =
    log === undefined
      ? ""
      : last === undefined
        ? " It wrote nothing."
        : ` It wrote: ${clip(last.trim(), 200)}`;
  if (code === 0)
    return {
      short: "its program ends at once, without an error",
      because: `Exit code 0: either its program goes into the background, or it is a shell without a terminal, or a job that is done; what a Deployment runs must go on running.${wrote}`,
      advice: "Keep the program in the foreground; what ends by itself belongs into a Job.",
      waitsForAnother: false,
      isOwn: true,
    };
  return {
    short: known?.[0] ?? "",
    because: `${known?.[1] ?? codeWords(code)}${told}${wrote}`,
    advice: known?.[2] ?? "Read on in its log; compare with what the last rollout changed.",
    waitsForAnother: false,
    isOwn: code !== 137 && code !== 143 && code !== 255,
  };
}

const codeWords = (code: number | null): string =>
  code === null
    ? "How it ended is not recorded."
    : code > 128 && code !== 255
      ? `Signal ${code - 128} ended it (exit code ${code}).`
      : `Its program reported an error (exit code ${code}).`;

/** What a program says last is why it ended: the line nearest to the end that is known. */
function lineCause(log: Log | undefined, code: number | null): ExitCause | undefined {
  // A signal ends a program whatever it wrote before: only what tells the cause of any end counts beside it.
  const bySignal = code !== null && code > 128 && code !== 255;
  const found = nearest(log?.lines ?? [], ({ isSure }) => !bySignal || isSure === true);
  if (found === undefined) return undefined;
  const { row, line } = found;
  const quoted = row.isDependency === true ? line : (errorIn(log) ?? line);
  const isForDocker = /docker|compose|\{/.test(row.advice);
  return {
    short: row.short,
    because: `${/\{/.test(row.because) ? "" : row.because} It wrote: ${clip(quoted.trim(), 200)}`.trim(),
    advice: isForDocker
      ? "Compare its template (image, command, env, mounts) with what it says."
      : row.advice,
    waitsForAnother: row.isDependency === true,
    isOwn: row.isDependency !== true,
  };
}

/** The line that names the error, where the last one only tells the runtime's version, a stack or that it gave up. */
const errorIn = (log: Log | undefined): string | undefined =>
  log?.lines.slice(-READ_LINES).findLast((line) => NAMES_ERROR.test(line.slice(0, 300)));
const NAMES_ERROR = /^\s{0,40}[\w.]{0,120}(?:error|exception|fatal|panic)\b[^:]{0,80}:/i;
