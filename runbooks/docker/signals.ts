import { sayBytes } from "../../src/sdk/index.ts";
import { type Cause, type Container, fill } from "./cause.ts";

interface CodeRow {
  readonly short: string;
  readonly because: string | ((one: Container) => string);
  readonly advice: string;
  readonly key?: "fixCrash" | "fixImage";
  /** It may well run for as long again. Only said of one that ran for a while. */
  readonly startHelps?: true;
}

/**
 * What exit codes mean that are no choice of the program: 128 + n is the end by signal n (as of a shell), 125 to 127 are
 * those of shells and of `docker run`. Where one code has several causes both are said, and what tells them apart.
 */
const CODES: Readonly<Record<number, CodeRow>> = {
  125: {
    short: "",
    because: "Exit code 125: either its program chose it, or a `docker run` inside of it failed.",
    advice: "Its log says which.",
  },
  126: {
    short: "its program may not be executed",
    because:
      "Exit code 126: a shell found the program and could not execute it: no x bit, a folder, or a file for another CPU.",
    advice:
      "`chmod +x` before the image is built (git: `git update-index --chmod=+x FILE`); of a mounted file on the machine, and not on a noexec mount.",
    key: "fixImage",
  },
  127: {
    short: "its program, or one it calls, was not found",
    because:
      "Exit code 127: a shell did not find a program. Either it is not in the image (or not on PATH, or hidden by a mount), or a script has Windows line ends, or a shared library is missing; the line in its log tells which.",
    advice:
      "`docker run --rm --entrypoint sh IMAGE -c 'command -v PROGRAM; ls -l FILE; head -1 FILE | od -c | head -2'`.",
    key: "fixImage",
  },
  129: {
    short: "its terminal or supervisor hung up (SIGHUP)",
    because: "Signal 1 ended it: a program that does not handle SIGHUP, sent to make it reload.",
    advice: "Find who sends SIGHUP (logrotate, a deploy script).",
    startHelps: true,
  },
  130: {
    short: "it was interrupted (SIGINT, Ctrl-C)",
    because: "Signal 2 ended it: Ctrl-C in the terminal it was started from, or a stop signal of SIGINT.",
    advice: "Start services detached: `docker compose up -d`.",
    startHelps: true,
  },
  131: {
    short: "signal 3 (SIGQUIT) ended it",
    because:
      "Signal 3 ended it: some programs (Go, Java) print all their threads first, others take it as a stop.",
    advice: "Its log may hold the print of all threads.",
    startHelps: true,
  },
  132: {
    short: "an instruction its CPU does not know (SIGILL)",
    because:
      "Signal 4, illegal instruction: the image was built for a newer CPU than this one, or than the virtual machine shows (AVX is what MongoDB 5 and programs of machine learning want). More rarely a program ends itself this way at a failed check of its own (Rust, Swift, Chromium); then its log says so before.",
    advice:
      "`grep -o -m1 -w avx /proc/cpuinfo` on the machine: nothing means no AVX. Then either an older tag or a build without it (mongo:4.4), or another CPU type of the virtual machine (`host` in Proxmox and libvirt). `dmesg | grep 'invalid opcode'` names the program.",
    key: "fixImage",
  },
  133: {
    short: "it stopped at a trap (SIGTRAP)",
    because:
      "Signal 5: a program's own fatal check (V8 and Chromium end so when memory runs out), or on another CPU an unknown instruction.",
    advice: "Read what it wrote before.",
    startHelps: true,
  },
  134: {
    short: "it aborted itself (SIGABRT)",
    because: "Signal 6: its own fatal check or its allocator ended it. The lines before say which.",
    advice: "Read the lines before the end: an assertion, a heap that ran full, or damaged memory.",
    startHelps: true,
  },
  135: {
    short: "memory behind a file was not there (SIGBUS)",
    because: (one) =>
      `Signal 7: either /dev/shm is full${one.shmSize === null ? "" : ` (it has ${sayBytes(one.shmSize)})`}, or the disk below a mapped file is, or that file was cut; to tell them apart: \`df -h /dev/shm\` in the container and on the machine.`,
    advice: "Databases, Chromium and PyTorch want more than 64 MB there: `shm_size: 1gb` for the service.",
    startHelps: true,
  },
  136: {
    short: "it computed what cannot be computed (SIGFPE)",
    because: "Signal 8: a whole number was divided by zero; an error of the program.",
    advice: "Report it to whoever makes the program, with its last lines.",
    startHelps: true,
  },
  137: {
    short: "killed (SIGKILL), and not known by whom",
    because: "",
    advice:
      "`journalctl -k --since '-2h' | grep -i -E 'killed process|oom'` shows kills for memory with the process and its group; nothing there: a stop or kill by hand, a script, or a supervisor.",
    startHelps: true,
  },
  138: {
    short: "it does not know signal 10 (SIGUSR1)",
    because: "Signal 10 ended it: it was sent to make it do something, to a program that does not handle it.",
    advice: "Find who sends SIGUSR1 (logrotate, a script).",
    startHelps: true,
  },
  139: {
    short: "it crashed (segmentation fault)",
    because:
      "Signal 11: an error in native code: of the program, of a library that does not fit (built for another libc or CPU), or damaged memory.",
    advice:
      "Did its image or a native module change lately? Take the one before. Glibc modules do not run on Alpine. `dmesg | grep segfault` names the library.",
    startHelps: true,
  },
  140: {
    short: "it does not know signal 12 (SIGUSR2)",
    because: "Signal 12 ended it: sent to make it do something, to a program that does not handle it.",
    advice: "Find who sends SIGUSR2.",
    startHelps: true,
  },
  141: {
    short: "who read its output went away (SIGPIPE)",
    because: "Signal 13: it wrote into a pipe that nobody reads any more.",
    advice: "Look at the pipe in its command: its reader ended first.",
    startHelps: true,
  },
  142: {
    short: "its own alarm clock ended it (SIGALRM)",
    because: "Signal 14: a time limit that the program, or `timeout` before it, has set.",
    advice: "Look for the limit in its command.",
    startHelps: true,
  },
  143: {
    short: "asked to end (SIGTERM), and not known by whom",
    because:
      "Signal 15 ended it. Either somebody stopped it through the engine, which does not remember, or something inside of it or on the machine did (a supervisor, `kill`, a shutdown).",
    advice: "`last -x | head` shows shutdowns; then who deploys or stops it by a script.",
    startHelps: true,
  },
  152: {
    short: "its limit of CPU time was used up (SIGXCPU)",
    because: "Signal 24: a ulimit of CPU seconds.",
    advice: "`ulimits: cpu` of the service, or `ulimit -t` in its script.",
  },
  153: {
    short: "a file grew to its limit (SIGXFSZ)",
    because: "Signal 25: a ulimit of file size.",
    advice: "`ulimits: fsize` of the service; then the file that grew.",
  },
  159: {
    short: "it made a call that is forbidden here (SIGSYS)",
    because:
      "Signal 31: its seccomp profile ends programs that make a call it does not know, most often new programs on an old engine.",
    advice:
      "Update the engine, runc and libseccomp; to be sure try once with `security_opt: [seccomp=unconfined]`.",
  },
  255: {
    short: "",
    because:
      "Exit code 255 is what is said when nothing better is known: either its program returned -1, or the engine lost it (the machine or the engine was ended hard). To tell them apart: `last -x reboot | head -3` and `journalctl -u docker -u containerd --since -1d` at that time.",
    advice: "Its log; where that ends in the middle, the machine or the engine went away.",
    startHelps: true,
  },
};

/** Signals that end a program and have no row: of the others (STOP, URG, WINCH) nobody ends, so the code is the program's own (.NET: 150). */
const ENDING = new Set([16, 26, 27, 29, 30, ...Array.from({ length: 31 }, (_each, index) => 34 + index)]);

/** What this code says by itself; undefined: nothing but that its program reported an error. Pure. */
export function codeCause(one: Container, code: number): Cause | undefined {
  const row = CODES[code];
  if (row !== undefined)
    return {
      short: row.short,
      because: typeof row.because === "string" ? row.because : row.because(one),
      advice: { key: row.key ?? "fixCrash", text: fill(row.advice, one) },
      ...(row.startHelps ? { startHelps: true } : {}),
    };
  if (!ENDING.has(code - 128)) return undefined;
  return {
    short: `signal ${code - 128} ended it`,
    because: `Exit code ${code} is by convention the end by signal ${code - 128}, which nobody sent through the engine as far as it remembers.`,
    startHelps: true,
  };
}
